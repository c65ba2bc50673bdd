-- Two ways to pay that need no gateway: coins of our own, and Alipay red-packet codes that an operator redeems by hand.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is not allowed', tg_op, tg_table_name using errcode = 'MD002';
end $$;

-- ---- coins: an append-only ledger, and the balance that it adds up to -----------------------------------------------------

create table coin_accounts (
  user_id bigint primary key references users,
  balance bigint not null default 0 check (balance >= 0)
);

create table coin_ledger (
  id bigint generated always as identity primary key,
  user_id bigint not null references coin_accounts,
  amount bigint not null check (amount <> 0),
  -- of the account, after this entry
  balance bigint not null check (balance >= 0),
  -- what it was booked for, once: pay:<gateway order id>, refund:<refund id>, grant:<key>
  cause text not null unique,
  -- in what is given back: the payment that it is taken from
  pays_back bigint references coin_ledger check (pays_back is null or amount > 0),
  order_id bigint references orders,
  reason text not null,
  actor text not null,
  created_at timestamptz not null default now()
);
create index coin_ledger_of_user on coin_ledger (user_id, id desc);
create index coin_ledger_given_back on coin_ledger (pays_back) where pays_back is not null;

create trigger coin_ledger_append_only before update or delete or truncate on coin_ledger for each statement execute function refuse_change();

-- The account's row is locked here, so that entries of one account queue up; an entry below zero breaks the check above.
create function count_coins() returns trigger language plpgsql as $$
begin
  insert into coin_accounts (user_id) values (new.user_id) on conflict do nothing;
  select balance + new.amount into new.balance from coin_accounts where user_id = new.user_id for update;
  -- numbered under the lock, so that the entries of an account are in the order of their balances
  new.id := nextval('coin_ledger_id_seq');
  return new;
end $$;

-- After the row is in: an insert that stopped at the cause's key must not move the balance.
create function keep_coin_balance() returns trigger language plpgsql as $$
begin
  update coin_accounts set balance = new.balance where user_id = new.user_id and balance = new.balance - new.amount;
  if not found then
    raise exception 'two entries of coin account % in one statement', new.user_id using errcode = 'MD002';
  end if;
  return null;
end $$;

create trigger coin_ledger_count before insert on coin_ledger for each row execute function count_coins();
create trigger coin_ledger_keep after insert on coin_ledger for each row execute function keep_coin_balance();
-- A balance moves by the ledger's triggers alone.
create trigger coin_accounts_by_ledger before insert or update or delete on coin_accounts for each row
  when (pg_trigger_depth() = 0) execute function refuse_change();
create trigger coin_accounts_kept before truncate on coin_accounts for each statement execute function refuse_change();

-- Pays an order with coins: 'paid' | 'not_enough' | 'not_payable'. The order is flipped by the same path as by any gateway's notice.
create function pay_with_coins(p_gateway_order_id text, p_user_id bigint, p_amount bigint) returns text language plpgsql as $$
declare
  its_cause constant text := 'pay:' || p_gateway_order_id;
  the_order orders;
  attempt payment_attempts;
  entry bigint;
  verdict text;
begin
  select o.* into the_order from orders o join payment_attempts a on a.order_id = o.id
   where a.provider = 'points' and a.gateway_order_id = p_gateway_order_id for update of o;
  if not found or the_order.user_id is distinct from p_user_id then
    return 'not_payable';
  end if;
  if exists (select 1 from coin_ledger where cause = its_cause) then
    return 'paid';
  end if;
  select * into attempt from payment_attempts where provider = 'points' and gateway_order_id = p_gateway_order_id;
  if attempt.status <> 'open' or attempt.currency <> 'COIN' or attempt.amount_minor <> p_amount
     or the_order.status <> 'pending_payment' or the_order.expires_at <= now() then
    return 'not_payable';
  end if;
  perform 1 from coin_accounts where user_id = p_user_id and balance >= p_amount for update;
  if not found then
    return 'not_enough';
  end if;
  insert into coin_ledger (user_id, amount, cause, order_id, reason, actor)
  values (p_user_id, -p_amount, its_cause, the_order.id, 'payment', 'buyer') returning id into entry;
  verdict := take_notice(
    jsonb_build_object(
      'provider', 'points', 'event_id', 'paid:coins:' || entry, 'kind', 'paid', 'order_no', the_order.order_no,
      'gateway_order_id', p_gateway_order_id, 'payment_id', 'coins:' || entry, 'amount_minor', p_amount, 'currency', 'COIN',
      'merchant_matches', true, 'occurred_at', now()),
    sha256(convert_to(its_cause, 'UTF8')), null);
  if verdict <> 'paid' then
    raise exception 'order % took no coins: %', the_order.order_no, verdict using errcode = 'MD002';
  end if;
  return 'paid';
end $$;

-- Gives coins of a payment back, once for each refund: 'given' | 'already' | 'no_payment' | 'too_much' | 'other_refund'.
create function give_coins_back(p_refund_id text, p_gateway_order_id text, p_amount bigint) returns text language plpgsql as $$
declare
  its_cause constant text := 'refund:' || p_refund_id;
  payment coin_ledger;
  earlier coin_ledger;
begin
  select * into payment from coin_ledger where cause = 'pay:' || p_gateway_order_id;
  if not found then
    return 'no_payment';
  end if;
  -- two refunds of one payment queue up here
  perform 1 from coin_accounts where user_id = payment.user_id for update;
  select * into earlier from coin_ledger where cause = its_cause;
  if found then
    return case when earlier.pays_back = payment.id and earlier.amount = p_amount then 'already' else 'other_refund' end;
  end if;
  if p_amount + (select coalesce(sum(amount), 0) from coin_ledger where pays_back = payment.id) > -payment.amount then
    return 'too_much';
  end if;
  insert into coin_ledger (user_id, amount, cause, pays_back, order_id, reason, actor)
  values (payment.user_id, p_amount, its_cause, payment.id, payment.order_id, 'refund', 'refunder');
  return 'given';
end $$;

-- ---- red packets: a code, the operator who looks at it, the decision --------------------------------------------------------

create table redpacket_codes (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders,
  attempt_id bigint not null references payment_attempts,
  -- encrypted; dropped 30 days after the decision
  code bytea,
  state text not null default 'waiting' check (state in ('waiting', 'accepted', 'rejected')),
  -- one operator at a time; another one may take it over after 30 minutes
  claimed_by text,
  claimed_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  -- what was in it
  amount_minor bigint check (amount_minor > 0),
  currency text,
  -- of a rejection, as the buyer is told
  reason text,
  created_at timestamptz not null default now(),
  check ((state = 'waiting') = (decided_at is null)),
  check ((state = 'waiting') = (decided_by is null)),
  check ((state = 'accepted') = (amount_minor is not null and currency is not null)),
  check ((state = 'rejected') = (reason is not null)),
  check (state <> 'waiting' or code is not null)
);
create unique index redpacket_codes_one_waiting on redpacket_codes (order_id) where state = 'waiting';
create index redpacket_codes_of_order on redpacket_codes (order_id, id);
create index redpacket_codes_to_forget on redpacket_codes (decided_at) where code is not null;

-- Who did what with a code, and when.
create table redpacket_events (
  id bigint generated always as identity primary key,
  code_id bigint not null references redpacket_codes,
  what text not null check (what in ('entered', 'claimed', 'accepted', 'rejected')),
  actor text not null,
  amount_minor bigint,
  reason text,
  created_at timestamptz not null default now()
);
create trigger redpacket_events_append_only before update or delete or truncate on redpacket_events for each statement execute function refuse_change();

-- A decision is made once, by the operator who has the code.
create function check_redpacket() returns trigger language plpgsql as $$
begin
  if old.state <> 'waiting' and (new.state, new.decided_by, new.amount_minor, new.claimed_by) is distinct from (old.state, old.decided_by, old.amount_minor, old.claimed_by) then
    raise exception 'red packet % is decided', old.id using errcode = 'MD002';
  end if;
  if old.state = 'waiting' and new.state <> 'waiting' and new.decided_by is distinct from old.claimed_by then
    raise exception 'red packet % is with somebody else', old.id using errcode = 'MD002';
  end if;
  return new;
end $$;

create function write_redpacket_event() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into redpacket_events (code_id, what, actor) values (new.id, 'entered', 'buyer');
  elsif old.state = 'waiting' and new.state <> 'waiting' then
    insert into redpacket_events (code_id, what, actor, amount_minor, reason) values (new.id, new.state, new.decided_by, new.amount_minor, new.reason);
  elsif (new.claimed_by, new.claimed_at) is distinct from (old.claimed_by, old.claimed_at) then
    insert into redpacket_events (code_id, what, actor) values (new.id, 'claimed', new.claimed_by);
  end if;
  return null;
end $$;

create trigger redpacket_codes_check before update on redpacket_codes for each row execute function check_redpacket();
create trigger redpacket_codes_event after insert or update on redpacket_codes for each row execute function write_redpacket_event();

revoke all on function refuse_change, count_coins, keep_coin_balance, pay_with_coins, give_coins_back, check_redpacket, write_redpacket_event from public;
