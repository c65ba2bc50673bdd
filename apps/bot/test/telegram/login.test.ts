import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useLoginLink } from '@mingdan/operations';
import { rememberTelegramUser } from '@mingdan/orders';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  world.startBot();
});
afterAll(() => world.end());

const LINK = /^http:\/\/127\.0\.0\.1:3001\/login\/([\w-]{43})\?to=(.+)$/;
const linkOf = (person: Person) => LINK.exec(person.buttons.at(-1) ?? '') ?? [];

describe('/login', () => {
  test('gives a link that signs this very person in, once', async () => {
    const person = new Person(world);
    await person.types('/login');
    expect(person.last).toContain('只能用一次');
    const [, token = '', to] = linkOf(person);
    expect(to).toBe('%2Fcoin');
    const user = await rememberTelegramUser(world.database.db, { telegramId: person.id, language: 'zh-CN' });
    expect(await useLoginLink(world.database.db, token)).toEqual({ userId: user.id, good: true });
    expect(await useLoginLink(world.database.db, token)).toEqual({ userId: user.id, good: false });
  });

  test('leads to the page that a button asks for, and nowhere else', async () => {
    const person = new Person(world);
    await person.presses('web:/app');
    expect(linkOf(person)[2]).toBe('%2Fapp');
    await person.types('/login https://evil.example');
    expect(linkOf(person)[2]).toBe('%2Fcoin');
  });

  test('does not make links without end', async () => {
    const person = new Person(world, 'en');
    for (let times = 0; times < 5; times += 1) await person.types('/login');
    await person.types('/login');
    expect(person.last).toContain('several links');
  });
});
