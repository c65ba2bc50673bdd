import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

/** How long anything may take on a machine that is busy with other tests. */
export const PATIENCE_MS = 20_000;

/** A browser profile of its own on a phone's screen. */
export interface Phone {
  context: BrowserContext;
  /** errors of the scripts on all of its pages, and what their consoles call an error */
  errors: string[];
}

export async function aPhone(browser: Browser, locale = 'zh-CN'): Promise<Phone> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale,
    timezoneId: 'Asia/Shanghai',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  context.on('weberror', (error) => errors.push(error.error().message));
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { context, errors };
}

/** The page that a link opens in a new tab, ready to be read. */
export async function opens(phone: Phone, act: () => Promise<void>): Promise<Page> {
  const [page] = await Promise.all([phone.context.waitForEvent('page'), act()]);
  await page.waitForLoadState();
  return page;
}

/** How many pixels of a page lie beyond the right edge of the screen. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** Whether any of it can be seen without scrolling. */
export async function isOnScreen(element: Locator): Promise<boolean> {
  const box = await element.boundingBox();
  const height = element.page().viewportSize()?.height ?? 0;
  return box !== null && box.y < height && box.y + box.height > 0;
}
