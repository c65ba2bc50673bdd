import { generateKeyPairSync } from 'node:crypto';
import { type Server, type Socket, createServer as tcpServer } from 'node:net';
import { TLSSocket, createServer as tlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { selfSigned } from '../../sandbox/src/gateways/wechat/certificate.ts';
import { type Sandbox, startSandbox } from '../../sandbox/src/index.ts';
import { judgeMailServer } from '../src/doctor/mail.ts';
import { run, shop } from './given.ts';

const PATIENCE_MS = 300;
const LOGIN = 'shop:hunter2@';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const tls = {
  key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  cert: selfSigned('mail.example', publicKey, privateKey).pem,
};

type Answer = (command: string, socket: Socket) => string | undefined;
const servers: { server: Server; sockets: Set<Socket> }[] = [];
const heard: string[] = [];

const usual: Answer = (command) => {
  if (command === 'EHLO') return '250-mail.example\r\n250 AUTH PLAIN';
  if (command === 'AUTH') return '235 2.7.0 welcome';
  return command === 'QUIT' ? '221 bye' : '502 5.5.2 what?';
};
const loginAnswered =
  (reply: string): Answer =>
  (command, socket) =>
    command === 'AUTH' ? reply : usual(command, socket);
const startsTls: Answer = (command, socket) => {
  if (command === 'EHLO') return '250-mail.example\r\n250 STARTTLS';
  if (command !== 'STARTTLS') return '530 5.7.0 STARTTLS first';
  socket.removeAllListeners('data');
  socket.write('220 go\r\n');
  new TLSSocket(socket, { isServer: true, ...tls }).on('error', () => undefined);
  return undefined;
};

/** A mail server that greets, and then answers the first word of each line. @returns host and port */
async function serve(answer: Answer, { greeting = '220 mail.example', secure = false } = {}): Promise<string> {
  const sockets = new Set<Socket>();
  const connected = (socket: Socket): void => {
    sockets.add(socket.on('error', () => undefined));
    if (greeting !== '') socket.write(`${greeting}\r\n`);
    socket.setEncoding('latin1').on('data', (line: string) => {
      const command = line.slice(0, line.search(/[\s]|$/)).toUpperCase();
      heard.push(command);
      const reply = answer(command, socket);
      if (reply !== undefined) socket.write(`${reply}\r\n`);
    });
  };
  const server = secure ? tlsServer(tls, connected) : tcpServer(connected);
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}
afterAll(() => {
  for (const { server, sockets } of servers) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

describe('the mail server', () => {
  test.each<[string, string, string, () => Promise<string>]>([
    ['takes the login', 'ok', 'ready', async () => `smtp://${LOGIN}${await serve(usual)}`],
    [
      'takes the login over TLS',
      'ok',
      'ready',
      async () => `smtps://${LOGIN}${await serve(usual, { secure: true })}?tls.rejectUnauthorized=false`,
    ],
    ['is asked without a login', 'warn', 'no_login', async () => `smtp://${await serve(usual)}`],
    [
      'refuses the login',
      'fail',
      'login',
      async () => `smtp://${LOGIN}${await serve(loginAnswered('535 5.7.8 not shop:hunter2'))}`,
    ],
    [
      'cannot check the login now',
      'warn',
      'login_later',
      async () => `smtp://${LOGIN}${await serve(loginAnswered('454 4.7.0 later'))}`,
    ],
    ['is not there', 'fail', 'refused', async () => `smtp://${LOGIN}127.0.0.1:9`],
    ['has no such name', 'fail', 'no_host', async () => `smtp://${LOGIN}mail.nowhere.invalid:587`],
    ['says nothing', 'fail', 'no_answer', async () => `smtp://${LOGIN}${await serve(usual, { greeting: '' })}`],
    [
      'stops in the middle',
      'fail',
      'no_answer',
      async () => `smtp://${LOGIN}${await serve((_command, socket) => void socket.destroy())}`,
    ],
    [
      'turns us away',
      'fail',
      'error',
      async () => `smtp://${LOGIN}${await serve(usual, { greeting: '554 5.7.1 your address is blocked' })}`,
    ],
    [
      'has nobody’s certificate',
      'fail',
      'certificate',
      async () => `smtps://${LOGIN}${await serve(usual, { secure: true })}`,
    ],
    [
      'has nobody’s certificate at STARTTLS',
      'fail',
      'certificate',
      async () => `smtp://${LOGIN}${await serve(startsTls)}`,
    ],
    ['speaks no TLS', 'fail', 'tls', async () => `smtps://${LOGIN}${await serve(usual)}`],
    [
      'speaks nothing but TLS',
      'fail',
      'no_answer',
      async () => `smtp://${LOGIN}${await serve(usual, { secure: true })}`,
    ],
  ])('that %s: %s %s', async (_what, state, key, url) => {
    const found = await judgeMailServer(await url(), PATIENCE_MS);
    expect(found).toMatchObject({ check: 'mail', state, key });
    expect(JSON.stringify(found)).not.toMatch(/hunter2|shop/);
    expect(heard).not.toContain('MAIL');
  });
});

describe('doctor', () => {
  let sandbox: Sandbox;
  const env = (changes: Record<string, string>) => ({ ...shop('postgres://a@127.0.0.1:9/x'), ...changes });
  const mailLines = async (changes: Record<string, string>): Promise<{ state: string; text: string }[]> => {
    const { out } = await run(env(changes), ['doctor', '--json']);
    const told: { checks: { check: string; state: string; text: string }[] } = JSON.parse(out);
    return told.checks.filter(({ check, text }) => check === 'mail' || /MAIL_FROM|SMTP_URL/.test(text));
  };

  beforeAll(async () => {
    sandbox = await startSandbox({
      port: 0,
      botToken: '70001:test',
      deepseekApiKey: 'sk',
      yuanfenjuApiKey: 'y',
      log: createLogger({ process: 'sandbox', level: 'silent' }),
    });
  });
  afterAll(() => sandbox.close());

  test('logs in at the mail server and sends nothing', async () => {
    const url = new URL(sandbox.smtpUrl);
    const SMTP_URL = `smtp://${LOGIN}${url.host}`;
    const MAIL_FROM = 'Shop <shop@mingdan.example>';
    expect(await mailLines({ SMTP_URL, MAIL_FROM })).toEqual([
      expect.objectContaining({ state: 'ok', text: `Mail: ${url.host} takes the login; no mail was sent` }),
    ]);
    sandbox.control.mail.play({ kind: 'login', left: 1 });
    const [refused] = await mailLines({ SMTP_URL, MAIL_FROM });
    sandbox.control.mail.play(undefined);
    expect(refused).toMatchObject({ state: 'fail', text: expect.stringMatching(/refuses the login; correct user/) });
    expect(sandbox.control.mail.list()).toEqual([]);
  });

  test('says once that nobody is named whom mails come from, and nothing without a mail server', async () => {
    expect(await mailLines({ SMTP_URL: sandbox.smtpUrl })).toEqual([
      expect.objectContaining({ state: 'fail', text: expect.stringContaining('set MAIL_FROM') }),
    ]);
    expect(await mailLines({})).toEqual([]);
  });
});
