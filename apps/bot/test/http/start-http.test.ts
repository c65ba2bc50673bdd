import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { pause } from '@mingdan/kernel';
import { startHttp } from '../../src/http/start-http.ts';

const hello: RequestListener = (_req, res) => {
  res.end('hello');
};

function fetchText(port: number, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', agent }, (reply: IncomingMessage) => {
      let text = '';
      reply.on('data', (chunk) => {
        text += String(chunk);
      });
      reply.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

describe('listening', () => {
  test('says which port it got', async () => {
    const http = await startHttp({ app: hello, port: 0, host: '127.0.0.1' });
    expect(http.port).toBeGreaterThan(0);
    expect(await fetchText(http.port)).toBe('hello');
    await http.close();
  });

  test('says at once that a port is taken', async () => {
    const first = await startHttp({ app: hello, port: 0, host: '127.0.0.1' });
    await expect(startHttp({ app: hello, port: first.port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await first.close();
  });
});

describe('closing', () => {
  test('finishes what is being answered and takes nothing new', async () => {
    const slow: RequestListener = (_req, res) => {
      void pause(300).then(() => res.end('finished'));
    };
    const http = await startHttp({ app: slow, port: 0, host: '127.0.0.1' });
    const answer = fetchText(http.port);
    await pause(50);
    const closed = http.close();
    await expect(fetchText(http.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await answer).toBe('finished');
    await closed;
  });

  test('does not wait for connections that clients keep open', async () => {
    const agent = new Agent({ keepAlive: true });
    const http = await startHttp({ app: hello, port: 0, host: '127.0.0.1' });
    await fetchText(http.port, agent);
    const startedAt = Date.now();
    await http.close();
    expect(Date.now() - startedAt).toBeLessThan(1000);
    agent.destroy();
  });

  test('can be asked for twice', async () => {
    const http = await startHttp({ app: hello, port: 0, host: '127.0.0.1' });
    await Promise.all([http.close(), http.close()]);
  });
});
