import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createTransport } from 'nodemailer';
import type { Sandbox } from '../src/index.ts';
import { sandbox } from './harness.ts';

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
});
afterAll(() => box.close());
afterEach(() => {
  box.control.mail.clear();
  box.control.mail.play(undefined);
});

const MAIL = {
  from: '命单 <shop@mingdan.example>',
  to: 'zhang@example.com',
  subject: '你的报告写好了 · REPORT_20261121_7K3M9QXA，请在订单页面上阅读全文',
  text: '第一行\n.一行以点开头\nhttps://mingdan.example/order/X?t=abc',
  html: '<html><head></head><body><p>你好 <a href="https://mingdan.example/order/X">link</a></p><script>top.location="https://evil.example"</script></body></html>',
};
const send = (more: object = {}, url = box.smtpUrl) => createTransport({ url }).sendMail({ ...MAIL, ...more });

describe('the mail server of the sandbox', () => {
  test('takes a mail as it was written, in both forms', async () => {
    await send();
    const mail = await box.control.mail.waitFor({ to: 'zhang@example.com' });
    expect(mail).toMatchObject({ from: 'shop@mingdan.example', to: ['zhang@example.com'], subject: MAIL.subject });
    expect(mail.text.trim().replaceAll('\r\n', '\n')).toBe(MAIL.text);
    expect(mail.html).toContain('<p>你好');
    expect(mail.headers['from']).toBe(MAIL.from);
  });

  test('takes any login', async () => {
    const url = box.smtpUrl.replace('smtp://', 'smtp://shop%40example.com:secret@');
    await send({}, url);
    expect(box.control.mail.list()).toHaveLength(1);
  });

  test('keeps a mail with the same Message-ID once, as a mailbox shows it', async () => {
    await send({ messageId: '<one@mingdan.example>' });
    await send({ messageId: '<one@mingdan.example>' });
    expect(box.control.mail.list()).toMatchObject([{ copies: 2 }]);
  });

  test.each([
    ['refused', { responseCode: 550, command: 'RCPT TO' }],
    ['busy', { responseCode: 451, command: 'RCPT TO' }],
  ] as const)('can be told to be %s, and takes the next mail again', async (kind, error) => {
    box.control.mail.play({ kind, left: 1 });
    await expect(send()).rejects.toMatchObject(error);
    await send();
    expect(box.control.mail.list()).toHaveLength(1);
  });

  test('can hang up after it took a mail', async () => {
    box.control.mail.play({ kind: 'lost', left: 1 });
    await expect(send()).rejects.toThrow();
    expect(box.control.mail.list()).toHaveLength(1);
  });
});

describe('the inbox page', () => {
  test('lists mails, newest first, and shows each with its links', async () => {
    await send();
    await send({ subject: '<b>second</b>', to: 'li@example.com' });
    const list = await (await fetch(box.inboxUrl)).text();
    expect(list.indexOf('&lt;b&gt;second')).toBeLessThan(list.indexOf('你的报告写好了'));
    const [first] = box.control.mail.list();
    const page = await (await fetch(`${box.inboxUrl}/${first?.id}`)).text();
    expect(page).toContain('<a href="https://mingdan.example/order/X?t=abc" target="_blank"');
    expect(page).toMatch(/<iframe[^>]+sandbox="allow-popups allow-popups-to-escape-sandbox"/);
  });

  test('shows the HTML of a mail where no script of it runs', async () => {
    await send();
    const [first] = box.control.mail.list();
    const answer = await fetch(`${box.inboxUrl}/${first?.id}/html`);
    expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox [^;]*; default-src 'none'/);
    expect(answer.headers.get('content-security-policy')).not.toContain('allow-scripts');
    expect(await answer.text()).toContain('<base target="_blank"');
  });

  test('an unknown mail is a page that is not there', async () => {
    expect((await fetch(`${box.inboxUrl}/99999`)).status).toBe(404);
  });
});
