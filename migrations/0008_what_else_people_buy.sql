-- Coins, memberships and goods: what the catalogue says of them, stock, and what a buyer has. Sign-in without a password, coupons, gifts, promoters' money, mail.

-- ---- catalogue -------------------------------------------------------------------------------------------------------

alter table products
  -- coins: what a package holds, and what is given on top
  add column coins integer check (coins > 0),
  add column bonus_coins integer not null default 0 check (bonus_coins >= 0),
  -- membership: how long
  add column months integer check (months > 0),
  -- goods: codes that are handed out by themselves, or a person does it
  add column handed_out_by text check (handed_out_by in ('codes', 'hand')),
  -- what members pay; null = the same
  add column member_price_minor bigint check (member_price_minor >= 0),
  -- below this operators are told
  add column stock_alarm integer,
  add constraint products_of_kind check (
    (kind <> 'coins' or coins is not null) and (kind <> 'membership' or months is not null) and (kind <> 'goods' or handed_out_by is not null));

update products set member_price_minor = price_minor * 8 / 10 where slug in ('bazi-full', 'bazi-year');

insert into products (slug, kind, names, descriptions, price_minor, currency, coins, bonus_coins, months, handed_out_by, stock, stock_alarm, sort) values
  ('coins-1', 'coins', '{"zh-CN": "100 金币", "zh-TW": "100 金幣", "en": "100 coins"}',
   '{"zh-CN": "可用来购买报告和商品", "zh-TW": "可用來購買報告和商品", "en": "To pay for reports and goods"}', 990, 'CNY', 100, 0, null, null, null, null, 110),
  ('coins-2', 'coins', '{"zh-CN": "310 金币", "zh-TW": "310 金幣", "en": "310 coins"}',
   '{"zh-CN": "300 金币，另送 10", "zh-TW": "300 金幣，另送 10", "en": "300 coins and 10 on top"}', 2990, 'CNY', 300, 10, null, null, null, null, 120),
  ('coins-3', 'coins', '{"zh-CN": "1060 金币", "zh-TW": "1060 金幣", "en": "1,060 coins"}',
   '{"zh-CN": "1000 金币，另送 60", "zh-TW": "1000 金幣，另送 60", "en": "1,000 coins and 60 on top"}', 9900, 'CNY', 1000, 60, null, null, null, null, 130),
  ('coins-4', 'coins', '{"zh-CN": "3300 金币", "zh-TW": "3300 金幣", "en": "3,300 coins"}',
   '{"zh-CN": "3000 金币，另送 300", "zh-TW": "3000 金幣，另送 300", "en": "3,000 coins and 300 on top"}', 29900, 'CNY', 3000, 300, null, null, null, null, 140),
  ('member-month', 'membership', '{"zh-CN": "月度会员", "zh-TW": "月度會員", "en": "Membership, one month"}',
   '{"zh-CN": "会员价，每月一份八字简批，优先生成", "zh-TW": "會員價，每月一份八字簡批，優先生成", "en": "Member prices, one brief reading a month, served first"}', 2900, 'CNY', null, 0, 1, null, null, null, 50),
  ('member-quarter', 'membership', '{"zh-CN": "季度会员", "zh-TW": "季度會員", "en": "Membership, three months"}',
   '{"zh-CN": "会员价，每月一份八字简批，优先生成", "zh-TW": "會員價，每月一份八字簡批，優先生成", "en": "Member prices, one brief reading a month, served first"}', 7900, 'CNY', null, 0, 3, null, null, null, 60),
  ('member-year', 'membership', '{"zh-CN": "年度会员", "zh-TW": "年度會員", "en": "Membership, one year"}',
   '{"zh-CN": "会员价，每月一份八字简批，优先生成", "zh-TW": "會員價，每月一份八字簡批，優先生成", "en": "Member prices, one brief reading a month, served first"}', 26900, 'CNY', null, 0, 12, null, null, null, 70),
  ('gift-card', 'goods', '{"zh-CN": "礼品卡", "zh-TW": "禮品卡", "en": "Gift card"}',
   '{"zh-CN": "付款后立即得到一个兑换码", "zh-TW": "付款後立即得到一個兌換碼", "en": "A code, shown as soon as it is paid"}', 5000, 'CNY', null, 0, null, 'codes', 0, 5, 80),
  ('consult', 'goods', '{"zh-CN": "一对一咨询", "zh-TW": "一對一諮詢", "en": "Personal consultation"}',
   '{"zh-CN": "老师一对一解答，付款后由客服联系你", "zh-TW": "老師一對一解答，付款後由客服聯絡你", "en": "Your questions answered in person; our team writes to you once it is paid"}', 29900, 'CNY', null, 0, null, 'hand', null, null, 90);

-- ---- stock -----------------------------------------------------------------------------------------------------------
-- products.stock is what can be bought now. An order takes its part in the transaction that creates it, and gives it back when it ends without being paid.

alter table orders
  add column stock_state text not null default 'none' check (stock_state in ('none', 'reserved', 'committed', 'released')),
  add column discount_minor bigint not null default 0 check (discount_minor >= 0),
  -- who asked with this address, without the address: for limits, and for a new link to it
  add column email_digest bytea,
  -- served before others
  add column priority boolean not null default false;
-- who is served first, then who waits longest
drop index orders_to_claim;
create index orders_to_claim on orders (priority desc, paid_at, id) where status = 'paid';
create index orders_of_email on orders (email_digest, id desc) where email_digest is not null;

create table inventory_items (
  id bigint generated always as identity primary key,
  product_id bigint not null references products,
  -- sealed; what the buyer is shown
  code bytea not null,
  -- the same code is never put in twice
  digest bytea not null,
  status text not null default 'available' check (status in ('available', 'reserved', 'sold', 'withdrawn')),
  order_id bigint references orders,
  created_at timestamptz not null default now(),
  sold_at timestamptz,
  -- shown to its buyer: never sold again, whatever becomes of the order
  shown_at timestamptz,
  unique (product_id, digest),
  check ((status in ('reserved', 'sold')) = (order_id is not null))
);
create index inventory_items_available on inventory_items (product_id, id) where status = 'available';
create index inventory_items_of_order on inventory_items (order_id) where order_id is not null;

-- Every change of what can be bought, and why.
create table inventory_logs (
  id bigint generated always as identity primary key,
  product_id bigint not null references products,
  order_id bigint references orders,
  change integer not null,
  stock_after integer,
  reason text not null check (reason in ('set', 'codes_added', 'reserved', 'committed', 'released', 'withdrawn')),
  actor text not null,
  created_at timestamptz not null default now()
);
create index inventory_logs_of_product on inventory_logs (product_id, id desc);
create index inventory_logs_of_order on inventory_logs (order_id) where order_id is not null;
create trigger inventory_logs_append_only before update or delete or truncate on inventory_logs for each statement execute function refuse_change();

-- Takes what an order wants out of the stock: 'reserved' | 'sold_out'. Nothing is taken where there is not enough; a product without a count has no end.
create function reserve_stock(p_order_id bigint) returns text language plpgsql as $$
declare
  wanted orders;
  product products;
  taken integer;
begin
  select * into wanted from orders where id = p_order_id for update;
  if wanted.stock_state in ('reserved', 'committed') then
    return 'reserved';
  end if;
  update products set stock = stock - wanted.quantity where id = wanted.product_id and (stock is null or stock >= wanted.quantity) returning * into product;
  if not found then
    return 'sold_out';
  end if;
  if product.handed_out_by = 'codes' then
    update inventory_items set status = 'reserved', order_id = p_order_id
     where id in (select id from inventory_items where product_id = product.id and status = 'available' order by id limit wanted.quantity for update skip locked);
    get diagnostics taken = row_count;
    if taken < wanted.quantity then
      raise exception 'product % counts more codes than it has', product.slug using errcode = 'MD003';
    end if;
  end if;
  update orders set stock_state = 'reserved' where id = p_order_id;
  if product.stock is not null then
    insert into inventory_logs (product_id, order_id, change, stock_after, reason, actor) values (product.id, p_order_id, -wanted.quantity, product.stock, 'reserved', 'order');
  end if;
  return 'reserved';
end $$;

-- What is paid is sold: 'committed' | 'sold_out' (an order that expired and was paid late finds nothing any more).
create function commit_stock(p_order_id bigint) returns text language plpgsql as $$
declare
  its_state text;
begin
  select stock_state into its_state from orders where id = p_order_id for update;
  if its_state = 'committed' then
    return 'committed';
  end if;
  if its_state <> 'reserved' and reserve_stock(p_order_id) = 'sold_out' then
    return 'sold_out';
  end if;
  update inventory_items set status = 'sold', sold_at = now() where order_id = p_order_id and status = 'reserved';
  update orders set stock_state = 'committed' where id = p_order_id;
  insert into inventory_logs (product_id, order_id, change, stock_after, reason, actor)
  select p.id, o.id, 0, p.stock, 'committed', 'order' from orders o join products p on p.id = o.product_id where o.id = p_order_id and p.stock is not null;
  return 'committed';
end $$;

-- Gives back what an ended order held. A code that its buyer has seen stays sold.
create function release_stock(p_order_id bigint, p_actor text) returns void language plpgsql as $$
declare
  ended orders;
  shown integer;
  back integer;
  left_over integer;
begin
  select * into ended from orders where id = p_order_id for update;
  if ended.stock_state not in ('reserved', 'committed') then
    return;
  end if;
  select count(*) into shown from inventory_items where order_id = p_order_id and shown_at is not null;
  back := ended.quantity - shown;
  update inventory_items set status = 'available', order_id = null, sold_at = null where order_id = p_order_id and shown_at is null;
  update products set stock = stock + back where id = ended.product_id and stock is not null returning stock into left_over;
  if found and back > 0 then
    insert into inventory_logs (product_id, order_id, change, stock_after, reason, actor) values (ended.product_id, p_order_id, back, left_over, 'released', p_actor);
  end if;
  update orders set stock_state = 'released' where id = p_order_id;
end $$;

-- Whoever ends an order without delivering it, its stock comes back in the same transaction.
create function release_stock_of_ended() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform release_stock(new.id, coalesce(new.status_by, 'system'));
  return null;
end $$;
create trigger orders_release_stock after update of status on orders for each row
  when (new.status in ('expired', 'failed') and new.stock_state in ('reserved', 'committed')) execute function release_stock_of_ended();

-- ---- memberships -----------------------------------------------------------------------------------------------------

-- One row for each thing that was paid or granted; a membership is active while one of its periods runs.
create table membership_periods (
  id bigint generated always as identity primary key,
  user_id bigint not null references users,
  product_slug text not null,
  months integer not null check (months > 0),
  -- what it was given for, once: order:<order_no>, stars:<charge id>, api:<payment id>, grant:<key>
  cause text not null unique,
  order_id bigint references orders,
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  -- days before the end that its user was told of
  reminded_days integer,
  revoked_at timestamptz,
  actor text not null,
  created_at timestamptz not null default now()
);
create index membership_periods_of_user on membership_periods (user_id, ends_at desc) where revoked_at is null;
create index membership_periods_ending on membership_periods (ends_at) where revoked_at is null;
create index membership_periods_of_order on membership_periods (order_id) where order_id is not null;

-- Adds a period behind the last one that runs: 'activated' | 'already'. The user's row is locked, so that two payments never begin at the same end.
create function activate_membership(p_user_id bigint, p_product_slug text, p_months integer, p_cause text, p_order_id bigint, p_actor text) returns text
language plpgsql as $$
declare
  beginning timestamptz;
begin
  perform 1 from users where id = p_user_id for update;
  select greatest(now(), max(ends_at)) into beginning from membership_periods where user_id = p_user_id and revoked_at is null;
  insert into membership_periods (user_id, product_slug, months, cause, order_id, starts_at, ends_at, actor)
  values (p_user_id, p_product_slug, p_months, p_cause, p_order_id, beginning, beginning + make_interval(months => p_months), p_actor)
  on conflict (cause) do nothing;
  return case when found then 'activated' else 'already' end;
end $$;

-- Takes a period away; those behind it move up, so that nobody loses time they paid for.
create function revoke_membership(p_cause text) returns boolean language plpgsql as $$
declare
  gone membership_periods;
begin
  select * into gone from membership_periods where cause = p_cause;
  if not found then
    return false;
  end if;
  perform 1 from users where id = gone.user_id for update;
  update membership_periods set revoked_at = now() where id = gone.id and revoked_at is null;
  if not found then
    return false;
  end if;
  update membership_periods
     set starts_at = greatest(now(), starts_at - (gone.ends_at - greatest(gone.starts_at, now()))),
         ends_at = greatest(now(), starts_at - (gone.ends_at - greatest(gone.starts_at, now()))) + (ends_at - starts_at)
   where user_id = gone.user_id and revoked_at is null and starts_at >= gone.ends_at and gone.ends_at > now();
  return true;
end $$;

-- ---- signing in ------------------------------------------------------------------------------------------------------

-- A link that the bot sends, good once and for some minutes; only its digest is kept.
create table login_links (
  digest bytea primary key,
  user_id bigint not null references users,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);

-- ---- coupons and gifts -----------------------------------------------------------------------------------------------

create table coupons (
  id bigint generated always as identity primary key,
  -- compared in upper case
  code text not null unique check (code ~ '^[A-Z0-9-]{3,32}$'),
  -- exactly one of the two
  percent integer check (percent between 1 and 100),
  amount_minor bigint check (amount_minor > 0),
  currency text not null default 'CNY',
  -- null: any product
  product_slugs text[],
  most_uses integer check (most_uses > 0),
  most_uses_each integer not null default 1 check (most_uses_each > 0),
  uses integer not null default 0,
  valid_from timestamptz not null default now(),
  valid_until timestamptz,
  active boolean not null default true,
  created_at timestamptz not null default now(),
  check ((percent is null) <> (amount_minor is null)),
  check (most_uses is null or uses <= most_uses)
);

create table coupon_uses (
  order_id bigint primary key references orders,
  coupon_id bigint not null references coupons,
  user_id bigint references users,
  email_digest bytea,
  discount_minor bigint not null,
  used_at timestamptz not null default now(),
  -- the order ended unpaid: it does not count
  returned_at timestamptz
);
create index coupon_uses_of_coupon on coupon_uses (coupon_id) where returned_at is null;

-- An order that ends unpaid used no coupon; one that is paid late keeps its price, and counts again.
create function return_coupon() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  used bigint;
begin
  if new.status = 'paid' then
    update coupon_uses set returned_at = null where order_id = new.id and returned_at is not null returning coupon_id into used;
    update coupons set uses = uses + 1 where id = used and (most_uses is null or uses < most_uses);
  else
    update coupon_uses set returned_at = now() where order_id = new.id and returned_at is null returning coupon_id into used;
    update coupons set uses = uses - 1 where id = used and uses > 0;
  end if;
  return null;
end $$;
create trigger orders_return_coupon after update of status on orders for each row
  when (new.discount_minor > 0 and ((new.status in ('expired', 'failed') and new.paid_at is null) or (new.status = 'paid' and old.status in ('expired', 'failed'))))
  execute function return_coupon();

-- Something paid for somebody else, who claims it by a link; only the link's digest is kept.
create table gifts (
  id bigint generated always as identity primary key,
  order_id bigint not null unique references orders,
  digest bytea not null unique,
  product_slug text not null,
  claimed_by bigint references users,
  claimed_at timestamptz,
  -- the order that the claimer got for it
  claimed_order_id bigint references orders,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

-- ---- promoters -------------------------------------------------------------------------------------------------------

alter table promoters
  add column rate_percent numeric(5, 2) not null default 10 check (rate_percent between 0 and 100);

alter table promoter_credits
  -- what the promoter earns of amount_minor, and when it may be paid out
  add column commission_minor bigint not null default 0 check (commission_minor >= 0),
  add column held_until timestamptz,
  add column withdrawal_id bigint;

create table promoter_withdrawals (
  id bigint generated always as identity primary key,
  promoter_id bigint not null references promoters,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  -- sealed: where the money should go, in the promoter's words
  destination bytea,
  status text not null default 'requested' check (status in ('requested', 'paid', 'rejected')),
  note text,
  decided_by text,
  created_at timestamptz not null default now(),
  decided_at timestamptz
);
create unique index promoter_withdrawals_one_open on promoter_withdrawals (promoter_id, currency) where status = 'requested';
alter table promoter_credits add constraint promoter_credits_withdrawal foreign key (withdrawal_id) references promoter_withdrawals;

-- What was given back earns nothing: the credit shrinks with its money, and ends with it.
create or replace function reverse_promoter_credit(p_order_id bigint) returns void language plpgsql as $$
declare
  credit promoter_credits;
  kept bigint;
begin
  select * into credit from promoter_credits where order_id = p_order_id and reversed_at is null for update;
  if not found then
    return;
  end if;
  select coalesce(sum(amount_minor - refunded_minor), 0) into kept from payment_transactions where order_id = p_order_id and currency = credit.currency;
  if kept >= credit.amount_minor then
    return;
  end if;
  if kept = 0 then
    update promoter_credits set reversed_at = now() where order_id = p_order_id;
  else
    update promoter_credits set amount_minor = kept, commission_minor = commission_minor * kept / credit.amount_minor where order_id = p_order_id;
  end if;
  update promoter_statistics set orders = orders - case when kept = 0 then 1 else 0 end, amount_minor = amount_minor - (credit.amount_minor - kept)
   where promoter_id = credit.promoter_id and currency = credit.currency;
end $$;

-- ---- mail, by the same outbox ----------------------------------------------------------------------------------------

alter table outbox
  alter column chat_id drop not null,
  -- sealed address; a message has a chat or an address
  add column mail_to bytea,
  -- of a mail, whose reader has no user here
  add column language text,
  add constraint outbox_has_receiver check ((chat_id is null) <> (mail_to is null));
create index outbox_mails on outbox (due_at, id) where status = 'pending' and mail_to is not null;

create or replace function enqueue_messages(p_list jsonb) returns void language sql as $$
  insert into outbox (chat_id, user_id, order_id, dedupe_key, edits, delivers, payload, mail_to, language)
  select chat_id, user_id, order_id, dedupe_key, edits, delivers, decode(payload, 'base64'), decode(mail_to, 'base64'), language
    from jsonb_to_recordset(p_list)
      as m(chat_id bigint, user_id bigint, order_id bigint, dedupe_key text, edits text, delivers boolean, payload text, place bigint, mail_to text, language text)
   order by place
  on conflict (dedupe_key) do nothing
$$;

revoke all on function return_coupon, reserve_stock, commit_stock, release_stock, release_stock_of_ended, activate_membership, revoke_membership, enqueue_messages from public;
