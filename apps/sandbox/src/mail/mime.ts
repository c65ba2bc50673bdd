/** What a mail says, out of its bytes: as much of MIME as mail programs of shops write. */
export interface ReadMail {
  /** lower-case names, decoded and unfolded; the first of each */
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function readMime(source: string): ReadMail {
  const { headers, body } = split(source);
  const parts = leaves(headers, body);
  const of = (type: string): string => parts.find((part) => part.type === type)?.content ?? '';
  return { headers, subject: headers['subject'] ?? '', text: of('text/plain'), html: of('text/html') };
}

interface Entity {
  readonly headers: Record<string, string>;
  readonly body: string;
}

function split(source: string): Entity {
  const end = /\r?\n\r?\n/.exec(source);
  const head = end ? source.slice(0, end.index) : source;
  const headers: Record<string, string> = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] ??= decodeWords(value);
  }
  return { headers, body: end ? source.slice(end.index + end[0].length) : '' };
}

function leaves(headers: Record<string, string>, body: string): { type: string; content: string }[] {
  const kind = headers['content-type'] ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(kind)?.[1];
  if (/^multipart\//i.test(kind) && boundary !== undefined) {
    const pieces = body.split(`--${boundary}`).slice(1, -1);
    return pieces.flatMap((piece) => {
      const inner = split(piece.replace(/^\r?\n/, ''));
      return leaves(inner.headers, inner.body);
    });
  }
  const type = (kind.split(';')[0] ?? '').trim().toLowerCase();
  return [{ type, content: decodeBody(headers['content-transfer-encoding'] ?? '7bit', body) }];
}

function decodeBody(encoding: string, body: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8');
  if (/quoted-printable/i.test(encoding)) return quotedPrintable(body.replace(/=\r?\n/g, ''));
  // It was read byte by byte.
  return Buffer.from(body, 'latin1').toString('utf8');
}

function quotedPrintable(text: string): string {
  const bytes = text.replace(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** `=?UTF-8?B?…?=` and `=?UTF-8?Q?…?=`; pieces of one word belong together before they are read. */
function decodeWords(value: string): string {
  return value
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/(?:=\?[\w-]+\?[BQ]\?[^?]*\?=)+/gi, (words) => Buffer.concat(bytesOf(words)).toString('utf8'));
}

function bytesOf(words: string): Buffer[] {
  return [...words.matchAll(/=\?[\w-]+\?([BQ])\?([^?]*)\?=/gi)].map(([, kind = '', content = '']) => {
    if (kind.toUpperCase() === 'B') return Buffer.from(content, 'base64');
    const plain = content.replaceAll('_', ' ');
    const raw = plain.replace(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(raw, 'latin1');
  });
}
