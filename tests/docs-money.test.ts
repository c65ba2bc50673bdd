import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { oddMoney } from '@mingdan/orders';
import { readPage, withTables } from '../scripts/payments-table.ts';

const root = join(import.meta.dirname, '..');
const money = readFileSync(join(root, 'docs/money.md'), 'utf8');
const decisions = /\n## The decision table\n([\s\S]*?)\n## /.exec(money)?.[1] ?? '';
/** The cells of each row whose first one is a verdict. */
const table = [...decisions.matchAll(/^\| `(\w+)` \|(.+)\|$/gm)].map(([, verdict = '', rest = '']) => {
  const [came, leadsTo, answers = '', what] = rest.split(' |').map((cell) => cell.trim());
  return { verdict, came, leadsTo, answers: answers === '' ? [] : answers.split(', '), what };
});

describe('the decision table of docs/money.md', () => {
  test('has each verdict of the code once, in its order, with what it leads to and the answers it takes', () => {
    const ours = table.map(({ verdict, leadsTo, answers }) => ({ verdict, leadsTo, answers }));
    expect(ours).toEqual(oddMoney.map((each) => ({ ...each })));
    expect(new Set(oddMoney.map(({ verdict }) => verdict)).size).toBe(oddMoney.length);
  });

  test('says of each what came and what becomes of order and money', () => {
    for (const { came, what } of table) expect([came, what]).not.toContain('');
  });

  test('names every answer with the option of the CLI that gives it', () => {
    for (const answer of new Set(oddMoney.flatMap(({ answers }) => answers))) {
      expect(money).toMatch(new RegExp(`mingdan inbox resolve \\d+ --${answer}\\b`));
      expect(money).toContain(`\n| \`${answer}\` |`);
    }
  });

  test('has every verdict that the judgement in SQL knows', () => {
    const sql = readFileSync(join(root, 'migrations/0006_every_gateway.sql'), 'utf8');
    const judgement = sql.slice(
      sql.indexOf('create function book_outside_refund'),
      sql.indexOf('create function settle_held'),
    );
    const known = [...judgement.matchAll(/(?:return|then|else) '([a-z]+(?:_[a-z]+)+)'/g)].map(([, word = '']) => word);
    expect(known.length).toBeGreaterThan(10);
    for (const word of known.filter((each) => !['paid_late', 'paid_after_failed_try'].includes(each)))
      expect(table.map(({ verdict }) => verdict)).toContain(word);
  });
});

test('docs/payments.md says of each provider what the provider says of itself', () => {
  // Out of date: node_modules/.bin/node scripts/payments-table.ts --write
  expect(readPage()).toBe(withTables(readPage()));
});
