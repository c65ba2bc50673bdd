import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, pause } from '@mingdan/kernel';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import { enqueue, type Message } from '@mingdan/outbox';
import { type Sandbox, startSandbox } from '../../../sandbox/src/index.ts';
import { failureOf, type SmtpChannel, smtpChannel } from '../../src/mail/channel.ts';
import { createTexts } from '../../src/texts.ts';
import { createMailSender, type MailLoop } from '../../src/worker/send-mail.ts';

const ADDRESS = 'zhang.xiaoming@example.com';
let database: TestDatabase;
let db: Db;
let sandbox: Sandbox;
let channel: SmtpChannel;
const log: string[] = [];
const running: MailLoop[] = [];
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  sandbox = await startSandbox({
    port: 0,
    botToken: '70001:test',
    deepseekApiKey: 'sk',
    yuanfenjuApiKey: 'y',
    log: createLogger({ process: 'sandbox', level: 'silent' }),
  });
  channel = channelTo(sandbox.smtpUrl);
});
afterAll(async () => {
  channel.close();
  await sandbox.close();
  await database.drop();
});
beforeEach(() => changed(db, 'delete from outbox'));
afterEach(async () => {
  await Promise.all(running.splice(0).map((loop) => loop.stop()));
  sandbox.control.mail.play(undefined);
  sandbox.control.mail.clear();
  log.length = 0;
});

function channelTo(smtpUrl: string, timeoutMs = 1_000): SmtpChannel {
  const orderLink = (orderNo: string): string => `https://mingdan.example/order/${orderNo}?t=x`;
  return smtpChannel({ smtpUrl, from: '命单 <shop@mingdan.example>' }, { texts: createTexts(), orderLink, timeoutMs });
}

const ANSWER: Message = { template: 'support_answer', params: { text: '一切都好' } };

function start(through: SmtpChannel | null = channel): MailLoop {
  const loop = createMailSender({
    db,
    vault: testVault,
    log: createLogger({ process: 'test', destination: { write: (line) => log.push(line) } }),
    channel: through,
    operatorChatId: -100,
    holder: `m-${running.length}`,
    maxHours: 72,
    retryBaseMs: 5,
  });
  running.push(loop);
  return loop;
}

async function mailTo(mailTo: string, dedupeKey: string, message = ANSWER): Promise<void> {
  await enqueue(db, testVault, { mailTo, language: 'zh-CN', dedupeKey, message });
}

const rowOf = (key: string) =>
  row<{ status: string; attempts: number; last_error: string | null; mail_to: Buffer | null; payload: Buffer | null }>(
    db,
    'select status, attempts, last_error, mail_to, payload from outbox where dedupe_key = :key',
    { key },
  );

async function until(condition: () => Promise<boolean>, ms = 8_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('did not happen in time');
    await pause(20);
  }
}
const isNow = (key: string, status: string) => async () => (await rowOf(key))?.status === status;
const alarms = () => rows(db, `select 1 from outbox where dedupe_key like 'alarm:mail:%'`);

describe('the mail sender', () => {
  test('sends in the reader’s language, in both forms, and keeps neither address nor text', async () => {
    await mailTo(ADDRESS, 'a');
    start();
    const mail = await sandbox.control.mail.waitFor({ to: ADDRESS });
    expect(mail).toMatchObject({ subject: '客服回复', from: 'shop@mingdan.example', to: [ADDRESS] });
    expect(mail.text).toContain('一切都好');
    expect(mail.html).toContain('一切都好');
    expect(mail.headers['from']).toBe('命单 <shop@mingdan.example>');
    await until(isNow('a', 'sent'));
    expect(await rowOf('a')).toMatchObject({ mail_to: null, payload: null });
  });

  test('the same said twice is one mail', async () => {
    await mailTo(ADDRESS, 'same');
    await mailTo(ADDRESS, 'same');
    start();
    await until(isNow('same', 'sent'));
    expect(sandbox.control.mail.list()).toMatchObject([{ copies: 1 }]);
  });

  test('a connection that is lost after the mail was taken repeats it under the same Message-ID', async () => {
    sandbox.control.mail.play({ kind: 'lost', left: 1 });
    await mailTo(ADDRESS, 'lost');
    start();
    await until(isNow('lost', 'sent'));
    expect(sandbox.control.mail.list()).toMatchObject([
      { copies: 2, messageId: expect.stringMatching(/^<[0-9a-f]{32}@mingdan\.example>$/) },
    ]);
  });

  test('a server that is busy is tried again, each time later', async () => {
    sandbox.control.mail.play({ kind: 'busy', left: 3 });
    await mailTo(ADDRESS, 'busy');
    start();
    await until(isNow('busy', 'sent'));
    expect(await rowOf('busy')).toMatchObject({ attempts: 3 });
  });

  test('a server that says nothing holds up nobody for long', async () => {
    sandbox.control.mail.play({ kind: 'silent', left: 1 });
    await mailTo(ADDRESS, 'silent');
    start(channelTo(sandbox.smtpUrl, 200));
    await until(isNow('silent', 'sent'));
    expect((await rowOf('silent'))?.attempts).toBe(1);
  });

  test('a mailbox that does not exist is given up at once, with one alarm without the address', async () => {
    sandbox.control.mail.play({ kind: 'refused', left: 1 });
    await mailTo(ADDRESS, 'gone');
    start();
    await until(isNow('gone', 'dropped'));
    expect(await rowOf('gone')).toMatchObject({ last_error: 'EENVELOPE RCPT TO 550 5.1.1', mail_to: null });
    expect(await alarms()).toHaveLength(1);
  });

  test('a wrong login of ours is no fault of the mail, which waits', async () => {
    sandbox.control.mail.play({ kind: 'login', left: 2 });
    await mailTo(ADDRESS, 'login');
    start(channelTo(sandbox.smtpUrl.replace('smtp://', 'smtp://shop:secret@')));
    await until(isNow('login', 'sent'));
    expect((await rowOf('login'))?.attempts).toBeGreaterThan(0);
    expect(await alarms()).toEqual([]);
  });

  test('after 72 hours it is given up, with an alarm', async () => {
    await mailTo(ADDRESS, 'old');
    await changed(db, `update outbox set created_at = now() - interval '73 hours'`);
    start();
    await until(isNow('old', 'dropped'));
    expect(sandbox.control.mail.list()).toEqual([]);
    expect(await alarms()).toHaveLength(1);
  });

  test('without a mail server mails wait', async () => {
    await mailTo(ADDRESS, 'waits');
    start(null);
    await pause(300);
    expect(await rowOf('waits')).toMatchObject({ status: 'pending', attempts: 0 });
  });

  test('a mail whose data key is gone is set aside, and the others go on', async () => {
    await mailTo(ADDRESS, 'sealed');
    await changed(db, `update outbox set mail_to = 'junk'::bytea`);
    await mailTo('li@example.com', 'behind');
    start();
    await until(isNow('behind', 'sent'));
    expect(await rowOf('sealed')).toMatchObject({ status: 'parked' });
  });

  test('what is no address never reaches the server', async () => {
    await mailTo('a@example.com>\r\nRCPT TO:<b@example.com', 'injected');
    await mailTo('a@example.com, b@example.com', 'two');
    start();
    await until(isNow('injected', 'dropped'));
    await until(isNow('two', 'dropped'));
    expect(sandbox.control.mail.list()).toEqual([]);
  });

  test('no line of the log holds an address', async () => {
    sandbox.control.mail.play({ kind: 'refused', left: 1 });
    await mailTo(ADDRESS, 'quiet');
    await mailTo('li@example.com', 'quiet-2');
    start();
    await until(isNow('quiet-2', 'sent'));
    await until(isNow('quiet', 'dropped'));
    expect(log.length).toBeGreaterThan(1);
    expect(log.join('')).not.toMatch(/zhang|li@|@example/);
  });
});

test.each([
  [
    'a sender that is not allowed',
    { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550, response: '550 5.7.1 no' },
  ],
  [
    'relaying that is not allowed',
    { command: 'RCPT TO', responseCode: 550, response: '550 5.7.1 <a@b.c> relay denied' },
  ],
  ['a mailbox that is full', { command: 'RCPT TO', responseCode: 552, response: '552 5.2.2 full' }],
  ['a content that is not liked', { command: 'DATA', responseCode: 554, response: '554 5.7.1 spam' }],
  ['no network', { code: 'ECONNREFUSED' }],
])('%s is tried again', (_what, error) => {
  expect(failureOf(Object.assign(new Error('for a@b.c'), error))).toMatchObject({
    kind: 'later',
    cause: expect.not.stringContaining('@'),
  });
});
