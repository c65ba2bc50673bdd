import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';
import type { Request, Response } from 'express';

export type Encoding = 'br' | 'gzip' | 'identity';

/** Shorter than this there is nothing to win. */
const WORTH_IT = 1_000;
/** Quick enough for a page that is made for one reader. */
const QUICK = 4;

/** What the reader takes, best first; says that the answer depends on it. */
export function encodingFor(req: Request, res: Response): Encoding {
  res.vary('Accept-Encoding');
  const taken = req.acceptsEncodings('br', 'gzip', 'identity');
  return taken === 'br' || taken === 'gzip' ? taken : 'identity';
}

/** Pressed as small as it gets, for what is made once. */
export function smallest(encoding: 'br' | 'gzip', body: Buffer): Buffer {
  return encoding === 'br' ? brotliCompressSync(body) : gzipSync(body, { level: 9 });
}

export function compressed(res: Response, encoding: Encoding): Response {
  return encoding === 'identity' ? res : res.set('Content-Encoding', encoding);
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Sends a page, pressed where its reader takes that. For pages that hold no secret beside what a stranger can make them say. */
export async function sendPage(req: Request, res: Response, page: string): Promise<void> {
  await sendPressed(req, res.type('html'), page);
}

/** The same for JSON that everybody may read. */
export async function sendJson(req: Request, res: Response, data: object): Promise<void> {
  await sendPressed(req, res.type('json'), JSON.stringify(data));
}

async function sendPressed(req: Request, res: Response, text: string): Promise<void> {
  const body = Buffer.from(text);
  const encoding = body.length < WORTH_IT ? 'identity' : encodingFor(req, res);
  if (encoding === 'br')
    compressed(res, encoding).send(await brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: QUICK } }));
  else if (encoding === 'gzip') compressed(res, encoding).send(await zip(body));
  else res.send(body);
}
