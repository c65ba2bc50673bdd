import { describe, expect, test } from '@jest/globals';
import { createLogger, MingdanError } from '../src/index.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ process: 'test', destination: { write: (line) => void lines.push(line) } }));
  return lines.join('');
}

describe('a log line', () => {
  test('is JSON with the process, an ISO time and the order number that was bound', () => {
    const line = JSON.parse(logged((log) => log.child({ order_no: 'REPORT_20261121_7K3M9QXA' }).info('order moved')));
    expect(line).toMatchObject({
      level: 'info',
      process: 'test',
      order_no: 'REPORT_20261121_7K3M9QXA',
      msg: 'order moved',
    });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test('never holds what sounds like a secret or a person', () => {
    const text = logged((log) =>
      log.info({ token: 't0p', user: { name: '张三', email: 'a@b.c' }, input: { date: '1990-05-15' } }, 'x'),
    );
    for (const secret of ['t0p', '张三', 'a@b.c', '1990']) expect(text).not.toContain(secret);
  });

  test('of an error tells code, hint and cause, and no token in an address', () => {
    const cause = new Error('request to https://api.telegram.org/bot123456:AAbb-cc_dd/sendMessage failed');
    const text = logged((log) =>
      log.error({ err: new MingdanError('gone', 'it is gone', { hint: 'look there', cause }) }, 'x'),
    );
    expect(text).toContain('"code":"gone"');
    expect(text).toContain('"hint":"look there"');
    expect(text).toContain('/bot[redacted]/sendMessage');
    expect(text).not.toContain('AAbb');
  });

  test('of a database error holds no password', () => {
    expect(
      logged((log) => log.error({ err: new Error('cannot reach postgres://mingdan:hunter2@db/x') }, 'x')),
    ).not.toContain('hunter2');
  });
});
