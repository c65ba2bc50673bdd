import { escapeHtml } from './html.ts';

export interface PageParts {
  readonly title: string;
  /** beside the font that comes along */
  readonly styles: readonly string[];
  /** HTML */
  readonly content: string;
}

/** A page without scripts. */
export function page({ title, styles, content }: PageParts): string {
  const links = ['/assets/font/400.css', '/assets/font/700.css', ...styles]
    .map((href) => `<link rel="stylesheet" href="${escapeHtml(href)}">`)
    .join('');
  return `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">${links}</head>
<body>${content}</body></html>`;
}
