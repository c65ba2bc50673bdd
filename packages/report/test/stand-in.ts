import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, systemClock } from '@mingdan/kernel';
import { createModel, type Model, type ModelOptions } from '../src/index.ts';

export interface Call {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

export type Reply = (response: ServerResponse, call: Call) => void | Promise<void>;

/** A model endpoint on a free port; the replies are given in order, the last one for ever. */
export async function standIn(...replies: Reply[]) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let raw = '';
    for await (const part of request) raw += part;
    const body = raw === '' ? {} : JSON.parse(raw);
    const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    calls.push(call);
    await replies[Math.min(calls.length, replies.length) - 1]?.(response, call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    calls,
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A model that talks to the address, and the lines that it logged. */
export function modelAt(baseUrl: string, options: Partial<ModelOptions> = {}): { model: Model; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({ process: 'test', destination: { write: (line) => void lines.push(line) } });
  const model = createModel({
    baseUrl,
    apiKey: 'sk-very-secret',
    model: 'deepseek-flash',
    chunkTimeoutMs: 5000,
    clock: systemClock,
    log,
    ...options,
  });
  return { model, lines };
}

export const usage = {
  prompt_tokens: 1000,
  prompt_cache_hit_tokens: 600,
  prompt_cache_miss_tokens: 400,
  completion_tokens: 500,
  total_tokens: 1500,
};

export function delta(fields: Record<string, unknown>, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta: fields, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices })}\n\n`;
}

export const usageChunk = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
export const DONE = 'data: [DONE]\n\n';

export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req-1' });
  response.flushHeaders();
}

/** These events, then a clean end. */
export function stream(...events: string[]): Reply {
  return (response) => {
    openStream(response);
    for (const event of events) response.write(event);
    response.end();
  };
}

/** A whole good answer. */
export function says(text: string): Reply {
  const half = Math.ceil(text.length / 2);
  return stream(
    ': keep-alive\n\n',
    delta({ role: 'assistant', content: null, reasoning_content: '' }),
    delta({ content: text.slice(0, half) }),
    delta({ content: text.slice(half) }, 'stop'),
    usageChunk,
    DONE,
  );
}

export function finishes(reason: string, text = 'half a text'): Reply {
  return stream(delta({ content: text }), delta({}, reason), usageChunk, DONE);
}

export function refuses(status: number, headers: Record<string, string> = {}, message = 'no'): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-2', ...headers });
    response.end(JSON.stringify({ error: { message, type: 'error', param: null, code: 'x' } }));
  };
}
