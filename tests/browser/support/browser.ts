import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { chromiumFromNpm } from './chromium-from-npm.ts';

const VARIABLES = ['CHROME_PATH', 'PUPPETEER_EXECUTABLE_PATH'];
const NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'];
const MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** In CI a browser test that is skipped proves nothing: without a browser it fails there. */
const required = process.env.MINGDAN_REQUIRE_BROWSER === '1';
const found = await findBrowser();

/** `describe` for tests that need a browser: where there is none they count as skipped. */
export const describeInBrowser = found === undefined && !required ? describe.skip : describe;

export async function openBrowser(): Promise<Browser> {
  if (found === undefined) throw new Error('no Chrome or Chromium on this machine, and the one from npm does not run');
  // Containers run tests as root, whom Chromium refuses its own sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', '--no-zygote'] : [];
  return chromium.launch({ executablePath: found, args, timeout: 30_000 });
}

/** An installed one, else the one that npm brought. */
async function findBrowser(): Promise<string | undefined> {
  const named = VARIABLES.flatMap((name) => process.env[name] ?? []);
  const folders = (process.env.PATH ?? '').split(delimiter);
  const installed = [...named, ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...MAC];
  return installed.find((path) => existsSync(path) && runs(path)) ?? npmBrowser();
}

async function npmBrowser(): Promise<string | undefined> {
  const path = await chromiumFromNpm();
  return path !== undefined && runs(path) ? path : undefined;
}

/** Some distributions have a `chromium` that only says how to install it, and a slim machine may lack libraries. */
function runs(path: string): boolean {
  return spawnSync(path, ['--version'], { timeout: 15_000, stdio: 'ignore' }).status === 0;
}
