import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const button = z.looseObject({ text: z.string(), callback_data: z.string().optional(), url: z.string().optional() });
const payloadShape = z.looseObject({
  chat_id: z.union([z.number(), z.string()]).optional(),
  text: z.string().optional(),
  offset: z.number().optional(),
  timeout: z.number().optional(),
  message_id: z.number().optional(),
  reply_markup: z.looseObject({ inline_keyboard: z.array(z.array(button)) }).optional(),
});

export interface Call {
  readonly method: string;
  readonly payload: z.infer<typeof payloadShape>;
  readonly messageId: number;
}

interface Fault {
  readonly method: string;
  readonly status: number;
  readonly body: object;
  times: number;
}

/** Telegram's Bot API as far as the bot uses it, with every call written down and faults on order. */
export interface BotApi {
  readonly root: string;
  readonly calls: Call[];
  webhookUrl: string;
  /** the update is there for the next getUpdates */
  push(update: object): number;
  fail(method: string, status: number, body: object, times?: number): void;
  sent(chatId: number): Call[];
  close(): Promise<void>;
}

export async function startBotApi(): Promise<BotApi> {
  const calls: Call[] = [];
  const faults: Fault[] = [];
  const updates: { update_id: number }[] = [];
  const waiting = new Set<() => void>();
  let nextUpdate = 1000;
  let nextMessage = 1;
  let confirmed = 0;

  async function getUpdates(offset: number | undefined, timeout: number): Promise<object[]> {
    if (offset !== undefined) confirmed = offset;
    const found = () => updates.filter(({ update_id }) => update_id >= confirmed);
    if (found().length > 0) return found();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout * 1000);
      waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return found();
  }

  async function answer(call: Call): Promise<unknown> {
    const { method, payload } = call;
    if (method === 'getMe') return { id: 1, is_bot: true, first_name: 'Mingdan', username: 'mingdan_bot' };
    if (method === 'getUpdates') return getUpdates(payload.offset, payload.timeout ?? 0);
    if (method === 'getWebhookInfo') return { url: api.webhookUrl };
    if (method === 'deleteWebhook') api.webhookUrl = '';
    if (/^send/.test(method)) {
      return {
        message_id: call.messageId,
        date: 0,
        chat: { id: payload.chat_id, type: 'private' },
        text: payload.text,
      };
    }
    return true;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const method = request.url?.split('/').at(-1) ?? '';
    const payload = payloadShape.parse(JSON.parse(Buffer.concat(chunks).toString() || '{}'));
    const fault = faults.find((one) => one.method === method && one.times > 0);
    const reply = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (fault) {
      fault.times -= 1;
      reply(fault.status, fault.body);
      return;
    }
    const call = { method, payload, messageId: /^send/.test(method) ? nextMessage++ : 0 };
    calls.push(call);
    reply(200, { ok: true, result: await answer(call) });
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: BotApi = {
    root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    webhookUrl: '',
    push(update) {
      const update_id = nextUpdate++;
      updates.push({ update_id, ...update });
      for (const wake of waiting) wake();
      waiting.clear();
      return update_id;
    },
    fail(method, status, body, times = 1) {
      faults.push({ method, status, body, times });
    },
    sent: (chatId) => calls.filter(({ method, payload }) => method === 'sendMessage' && payload.chat_id === chatId),
    async close() {
      for (const wake of waiting) wake();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}
