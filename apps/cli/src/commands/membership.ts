import { changed, rows } from '@mingdan/db';
import { MingdanError, randomToken } from '@mingdan/kernel';
import { activateMembership, findProduct, membershipOf, syncMembership } from '@mingdan/orders';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { operatorName } from '../operator.ts';
import { dayText } from '../print.ts';
import { textOption, typedUser } from '../user.ts';

export function registerMembership(program: Command, context: Context): void {
  const membership = group(program, 'membership', 'Memberships. <user> is their Telegram id.');
  answering(
    membership,
    context,
    'grant <user> <slug>',
    'Give a user a membership, as if they had paid for that product.',
    ([user = '', slug = ''], options) =>
      grant(context, user, slug, {
        reason: textOption(options.reason, '--reason'),
        actor: operatorName(options.operator),
        key: options.key === undefined ? randomToken() : textOption(options.key, '--key'),
      }),
  )
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--key <text>', 'the same key again grants nothing more: for scripts that may repeat themselves')
    .option('--operator <name>', 'who gives it, for the record; the login name when left out');
  answering(
    membership,
    context,
    'sync [user]',
    'Derive the periods anew from what was paid and granted: of one user, or of everybody.',
    ([user]) => sync(context, user),
  );
}

function grant(
  context: Context,
  user: string,
  slug: string,
  how: { reason: string; actor: string; key: string },
): Promise<Answer> {
  return withDatabase(context, async (db) => {
    const { id, telegramId } = await typedUser(db, user);
    const product = await findProduct(db, slug);
    if (product?.months == null)
      throw new MingdanError('no_such_plan', `${slug.slice(0, 40)} is no membership`, {
        hint: 'mingdan products list',
      });
    const period = { userId: id, productSlug: slug, months: product.months, cause: `grant:${how.key}`, orderId: null };
    // The reason is kept with the name of who gave it: a grant has no order that would tell.
    const granted = await activateMembership(db, { ...period, actor: `${how.actor}: ${how.reason}` });
    const until = dayText((await membershipOf(db, id)).expiresAt ?? new Date(0));
    const outcome = granted ? 'granted' : 'already_granted';
    return {
      json: { user_id: telegramId, product: slug, outcome, until },
      lines: [context.texts().t(`membership.${outcome}`, { user: telegramId, until })],
    };
  });
}

function sync(context: Context, user: string | undefined): Promise<Answer> {
  return withDatabase(context, async (db) => {
    const users =
      user === undefined
        ? (await rows<{ id: number }>(db, 'select distinct user_id as id from membership_periods order by 1')).map(
            ({ id }) => id,
          )
        : [(await typedUser(db, user)).id];
    let moved = 0;
    for (const id of users) {
      // What was paid and never given, and what went back and is still there: only then the periods are put in a row.
      await changed(db, GIVE_MISSING, { id });
      await changed(db, TAKE_REFUNDED, { id });
      moved += await syncMembership(db, id);
    }
    return {
      json: { users: users.length, moved },
      lines: [context.texts().t('membership.synced', { users: users.length, moved })],
    };
  });
}

const GIVE_MISSING = `select activate_membership(o.user_id, o.product_slug, coalesce(o.months, p.months), 'order:' || o.order_no, o.id, 'sync')
   from orders o join products p on p.id = o.product_id
  where o.user_id = :id and o.kind = 'membership' and o.status = 'completed' and not o.gift
    and not exists (select 1 from membership_periods m where m.order_id = o.id)
    and not exists (select 1 from payment_transactions t where t.order_id = o.id having bool_and(t.refunded_minor >= t.amount_minor))`;

const TAKE_REFUNDED = `select revoke_membership(m.cause) from membership_periods m
  where m.user_id = :id and m.revoked_at is null and m.order_id is not null
    and exists (select 1 from payment_transactions t where t.order_id = m.order_id having bool_and(t.refunded_minor >= t.amount_minor))`;
