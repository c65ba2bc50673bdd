-- More than one gateway: what was shown to the buyer, money that fits no order, refunds made in a gateway's console, gateways that fail.

alter table orders
  -- price in whole Telegram Stars, where it is sold for them
  add column amount_stars bigint check (amount_stars > 0),
  -- the exchange rates that it was priced at
  add column rates jsonb not null default '{}',
  -- a gateway sees the money but does not call it final: the order does not expire
  add column payment_seen_at timestamptz,
  add column payment_seen_told_at timestamptz,
  -- encrypted; orders of the shop are delivered and answered there
  add column email bytea;
create index orders_payment_seen_to_tell on orders (id) where payment_seen_at is not null and payment_seen_told_at is null and status = 'pending_payment';

alter table payment_attempts
  add column qr_code text,
  add column client_params jsonb,
  -- what is shown works until then; null: as long as the payment can be paid
  add column shown_until timestamptz,
  -- the gateway is asked about it then; null: not by the clock any more
  add column ask_at timestamptz,
  -- another id of the gateway's, by which its later events name the payment (Stripe: the payment intent)
  add column reference text,
  -- its gateway sees money that is not final
  add column seen_at timestamptz,
  -- somebody is opening it at the gateway right now
  add column opening_until timestamptz,
  add column asked integer not null default 0;
-- A payment that the gateway does not take again makes room for a next one of the same method, under -2, -3.
alter table payment_attempts drop constraint payment_attempts_order_id_provider_method_key;
create unique index payment_attempts_one_open on payment_attempts (order_id, provider, method) where status = 'open';
create index payment_attempts_to_ask on payment_attempts (ask_at) where ask_at is not null and status = 'open';

-- Money for an order that we do not have is a payment all the same once it is to go back.
alter table payment_transactions
  alter column order_id drop not null,
  add column gateway_order_id text,
  -- the buyer's bank is taking it back: nothing goes back by itself
  add column disputed_at timestamptz;
alter table refund_records alter column order_id drop not null;

-- Money that came and fits no order: nothing is flipped by it. A person decides, or after `decide_by` it goes back.
create table held_payments (
  id bigint generated always as identity primary key,
  provider text not null,
  gateway_order_id text not null,
  -- the gateway's payment id, or 'order:<gateway_order_id>' where the notice named none
  payment_key text not null,
  order_id bigint references orders,
  -- null: the notice did not say it in a way that could be read
  amount_minor bigint check (amount_minor > 0),
  currency text,
  verdict text not null,
  status text not null default 'held' check (status in ('held', 'delivered', 'refunding', 'dropped')),
  decide_by timestamptz not null default now() + interval '72 hours',
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  settled_by text,
  unique (provider, payment_key)
);
create index held_payments_to_decide on held_payments (decide_by) where status = 'held';

-- Whether a gateway can be asked for payments at all, shared by all processes. See packages/operations/src/offer.ts.
create table provider_health (
  provider text primary key,
  -- failures in a row; any success sets it to 0
  failures integer not null default 0,
  last_error text,
  last_failed_at timestamptz,
  -- not offered since then; one payment is tried at `probe_at`
  opened_at timestamptz,
  probe_at timestamptz,
  -- operators took it out, with their own message by language
  maintenance boolean not null default false,
  maintenance_message jsonb
);

-- Their totals of a day beside ours.
create table reconciliations (
  provider text not null,
  day date not null,
  currency text not null,
  ours_count integer not null,
  ours_minor bigint not null,
  theirs_count integer not null,
  theirs_minor bigint not null,
  -- [{gateway_order_id, provider_payment_id, ours_minor, theirs_minor, what}]
  differences jsonb not null default '[]',
  -- 'list': theirs is the gateway's own list; 'query': each of our payments was asked for
  by text not null check (by in ('list', 'query')),
  checked_at timestamptz not null default now(),
  primary key (provider, day, currency)
);
create index payment_transactions_of_day on payment_transactions (provider, created_at);
create index payment_attempts_by_reference on payment_attempts (provider, reference) where reference is not null;
create index payment_attempts_by_payment on payment_attempts (provider_payment_id) where provider_payment_id is not null;
create index payment_attempts_of_day on payment_attempts (provider, created_at);

-- ---- judging notices, with all that may be odd about money ----------------------------------------------------------------
-- packages/orders/src/odd-money.ts is the table of what each verdict leads to.

-- An order whose whole money went back counts for no promoter, once.
create function reverse_promoter_credit(p_order_id bigint) returns void language sql as $$
  with reversed as (
    update promoter_credits set reversed_at = now() where order_id = p_order_id and reversed_at is null
      and not exists (select 1 from payment_transactions t where t.order_id = p_order_id and t.refunded_minor < t.amount_minor)
    returning promoter_id, currency, amount_minor)
  update promoter_statistics s set orders = s.orders - 1, amount_minor = s.amount_minor - reversed.amount_minor
    from reversed where s.promoter_id = reversed.promoter_id and s.currency = reversed.currency;
$$;

-- Money that is booked is not held any more, and nobody has to decide about it.
create function release_held(p_provider text, p_gateway_order_id text, p_payment_id text) returns void language plpgsql as $$
begin
  -- nearly every payment was never held
  if not exists (select 1 from held_payments where provider = p_provider and payment_key in (p_payment_id, 'order:' || p_gateway_order_id) and status = 'held') then
    return;
  end if;
  with released as (
    update held_payments set status = 'dropped', settled_at = now(), settled_by = 'notice'
     where provider = p_provider and payment_key in (p_payment_id, 'order:' || p_gateway_order_id) and status = 'held'
    returning id)
  update inbox_items set status = 'resolved', resolution = 'settled by a later notice', resolved_at = now()
    from released where dedupe_key = 'held:' || released.id and inbox_items.status = 'open';
end $$;

-- Keeps money that fits nothing, once for each payment, however its notices are ordered and whether or not they name it. Returns the verdict.
-- What came for an order, or for none that we have. Two statements: one for both would read the whole table.
create function payments_of(p_order_id bigint) returns setof payment_transactions language plpgsql stable as $$
begin
  if p_order_id is null then
    return query select * from payment_transactions where order_id is null;
  else
    return query select * from payment_transactions where order_id = p_order_id;
  end if;
end $$;

create function hold_payment(
  p_provider text, p_gateway_order_id text, p_payment_id text, p_order_id bigint, p_amount_minor bigint, p_currency text, p_verdict text
) returns text language plpgsql as $$
declare
  unnamed constant text := 'order:' || p_gateway_order_id;
begin
  -- where there is no order whose row is locked, notices of the same payment queue up here
  perform pg_advisory_xact_lock(hashtextextended(p_provider || ':' || p_gateway_order_id, 0));
  if p_payment_id is null then
    -- a notice that names no payment is never a second one
    if exists (select 1 from held_payments where provider = p_provider and gateway_order_id = p_gateway_order_id and payment_key <> unnamed)
       or exists (select 1 from payments_of(p_order_id) where provider = p_provider and gateway_order_id = p_gateway_order_id) then
      return p_verdict;
    end if;
  else
    if exists (select 1 from payment_transactions where provider = p_provider and provider_payment_id = p_payment_id) then
      return p_verdict;
    end if;
    -- what was first told without its id learns it now, and is not held a second time
    update held_payments set payment_key = p_payment_id where provider = p_provider and payment_key = unnamed and p_gateway_order_id <> ''
       and not exists (select 1 from held_payments where provider = p_provider and payment_key = p_payment_id)
       and (status = 'held' or amount_minor = p_amount_minor and currency = p_currency);
    if found then
      update payment_transactions set provider_payment_id = p_payment_id where provider = p_provider and provider_payment_id = unnamed;
    end if;
  end if;
  insert into held_payments as h (provider, gateway_order_id, payment_key, order_id, amount_minor, currency, verdict)
  values (p_provider, p_gateway_order_id, coalesce(p_payment_id, unnamed), p_order_id,
          case when p_currency is not null then nullif(p_amount_minor, 0) end, case when p_amount_minor > 0 then p_currency end, p_verdict)
  on conflict (provider, payment_key) do update set amount_minor = excluded.amount_minor, currency = excluded.currency, verdict = excluded.verdict
   where h.status = 'held' and excluded.amount_minor is not null;
  return p_verdict;
end $$;

-- Drops the version of 0005: the same with an id that the caller may choose, and with payments that are in dispute.
drop function request_refund_of_payment(text, text, text, text, bigint);
create function request_refund_of_payment(
  p_provider text, p_payment_id text, p_reason text, p_by text, p_amount_minor bigint default null, p_refund_id text default null
) returns text language plpgsql as $$
declare
  payment payment_transactions;
  earlier refund_records;
  wanted bigint;
  new_id constant text := coalesce(p_refund_id, 'R' || replace(gen_random_uuid()::text, '-', ''));
begin
  select * into payment from payment_transactions where provider = p_provider and provider_payment_id = p_payment_id for update;
  if not found then
    return null;
  end if;
  if p_refund_id is null then
    update refund_records set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
     where transaction_id = payment.id and status = 'manual' and payment.disputed_at is null returning * into earlier;
    if found then
      return earlier.refund_id;
    end if;
  end if;

  wanted := coalesce(p_amount_minor, payment.amount_minor - payment.refund_reserved_minor);
  if wanted <= 0 then
    return null;
  end if;
  update payment_transactions set refund_reserved_minor = refund_reserved_minor + wanted, status = 'refunding'
   where id = payment.id and refund_reserved_minor + wanted <= amount_minor;
  if not found then
    return null;
  end if;
  if p_refund_id is null then
    update refund_records set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
     where id = (select id from refund_records where transaction_id = payment.id and status = 'failed' and refusals > 0 and amount_minor = wanted order by id limit 1)
    returning * into earlier;
    if found then
      return earlier.refund_id;
    end if;
  end if;
  insert into refund_records (refund_id, order_id, transaction_id, provider, amount_minor, currency, reason, requested_by, status, last_error)
  values (new_id, payment.order_id, payment.id, payment.provider, wanted, payment.currency, p_reason, p_by,
          case when payment.disputed_at is null then 'requested' else 'manual' end,
          case when payment.disputed_at is not null then 'the payment is in dispute' end);
  return new_id;
end $$;

-- How a refund ended: 'settled' | 'already' | 'refund_conflict' (it ended the other way before) | 'unknown_refund'.
create or replace function settle_refund(p_refund_id text, p_status text, p_provider_refund_id text) returns text
language plpgsql as $$
declare
  refund refund_records;
begin
  -- the order, then the payment, then its refunds: as all that moves money locks them
  perform 1 from orders o join refund_records r on r.order_id = o.id where r.refund_id = p_refund_id for key share of o;
  perform 1 from payment_transactions where id = (select transaction_id from refund_records where refund_id = p_refund_id) for update;
  -- A refund that was given up may have been done after all: it takes its money again, where nobody else has.
  if p_status = 'succeeded' then
    with retaken as (
      update payment_transactions t set refund_reserved_minor = t.refund_reserved_minor + r.amount_minor
        from refund_records r
       where r.refund_id = p_refund_id and r.status = 'failed' and t.id = r.transaction_id and t.refund_reserved_minor + r.amount_minor <= t.amount_minor
      returning r.id)
    update refund_records r set status = 'manual', told_at = null from retaken where r.id = retaken.id;
  end if;
  update refund_records
     set status = p_status, settled_at = now(), lease_owner = null, provider_refund_id = coalesce(p_provider_refund_id, provider_refund_id),
         -- whoever was told that people have it is told how it ended
         told_at = null
   where refund_id = p_refund_id and status in ('requested', 'pending', 'manual')
   returning * into refund;
  if not found then
    return coalesce((select case when status = p_status then 'already' else 'refund_conflict' end from refund_records where refund_id = p_refund_id), 'unknown_refund');
  end if;
  if p_status = 'succeeded' then
    update payment_transactions
       set refunded_minor = refunded_minor + refund.amount_minor,
           status = case when refunded_minor + refund.amount_minor = amount_minor then 'refunded' else 'captured' end
     where id = refund.transaction_id;
    -- a promoter earns nothing by what was given back
    perform reverse_promoter_credit(refund.order_id);
  else
    update payment_transactions set refund_reserved_minor = refund_reserved_minor - refund.amount_minor, status = 'captured'
     where id = refund.transaction_id;
  end if;
  return 'settled';
end $$;

-- A refund that is none of ours: made by a person in the gateway's console. It takes its part of the payment, so that we never give the same money back again.
create function book_outside_refund(
  p_order_id bigint, p_provider text, p_gateway_order_id text, p_payment_id text, p_refund_id text, p_amount_minor bigint, p_total_minor bigint, p_currency text
) returns text language plpgsql as $$
declare
  payment payment_transactions;
  by_hand text;
  outside_id text;
  part bigint;
begin
  select * into payment from payment_transactions where id = (
    select id from payments_of(p_order_id) where provider = p_provider
       and case when p_payment_id is null then gateway_order_id = p_gateway_order_id else provider_payment_id = p_payment_id end
     order by id limit 1) for update;
  if not found then
    -- of money that is held all went back there: nobody has to decide about it any more
    if exists (select 1 from held_payments where provider = p_provider and payment_key in (p_payment_id, 'order:' || p_gateway_order_id)
                  and status = 'held' and currency = p_currency and amount_minor <= coalesce(p_total_minor, p_amount_minor)) then
      perform release_held(p_provider, p_gateway_order_id, p_payment_id);
      return 'refunded_at_gateway';
    end if;
    return 'unknown_refund';
  end if;
  if p_currency <> payment.currency then
    return 'currency_mismatch';
  end if;
  outside_id := left(concat_ws(':', 'X', p_provider, coalesce(p_refund_id, payment.provider_payment_id), case when p_amount_minor is null then p_total_minor end), 120);
  if exists (select 1 from refund_records where refund_id = outside_id or (transaction_id = payment.id and provider_refund_id = p_refund_id)) then
    return 'already';
  end if;
  -- told as a total before: now it has its id
  update refund_records set provider_refund_id = p_refund_id
   where id = (select id from refund_records where transaction_id = payment.id and reason = 'made_at_gateway' and provider_refund_id is null
                  and amount_minor = p_amount_minor order by id limit 1)
     and p_refund_id is not null;
  if found then
    return 'already';
  end if;
  -- one of ours that was left to the operators is what they did there
  select refund_id into by_hand from refund_records
   where transaction_id = payment.id and status = 'manual' and amount_minor = coalesce(p_amount_minor, p_total_minor - payment.refunded_minor) limit 1;
  if found then
    return settle_refund(by_hand, 'succeeded', p_refund_id);
  end if;
  -- a total also counts our own refunds that are under way: only what is beyond them was made elsewhere
  part := coalesce(p_amount_minor, p_total_minor - payment.refund_reserved_minor);
  if part is null then
    return 'unknown_refund';
  end if;
  if part <= 0 then
    return 'noted';
  end if;
  update payment_transactions
     set refund_reserved_minor = refund_reserved_minor + part, refunded_minor = refunded_minor + part,
         status = case when refunded_minor + part = amount_minor then 'refunded' else status end
   where id = payment.id and refund_reserved_minor + part <= amount_minor;
  if not found then
    return 'refund_conflict';
  end if;
  insert into refund_records (refund_id, order_id, transaction_id, provider, amount_minor, currency, reason, requested_by, status, provider_refund_id, settled_at)
  values (outside_id, payment.order_id, payment.id, p_provider, part, payment.currency, 'made_at_gateway', 'gateway', 'succeeded', p_refund_id, now());
  perform reverse_promoter_credit(payment.order_id);
  return 'refunded_at_gateway';
end $$;

-- More money for an order that counts as paid: the same payment once more, or another one, which goes back.
create or replace function book_further_payment(p_order_id bigint, p_attempt payment_attempts, p_payment_id text) returns text
language plpgsql as $$
declare
  fallback_id constant text := 'order:' || p_attempt.gateway_order_id;
  payment_order bigint;
begin
  -- a notice that names no payment is never a second one
  if p_payment_id is null then
    return 'already';
  end if;
  select order_id into payment_order from payment_transactions where provider = p_attempt.provider and provider_payment_id = p_payment_id;
  if found then
    return case payment_order when p_order_id then 'already' else 'payment_of_other_order' end;
  end if;
  -- the payment was first told without its id: it learns its id now
  update payment_transactions set provider_payment_id = p_payment_id
   where provider = p_attempt.provider and provider_payment_id = fallback_id and order_id = p_order_id;
  if found then
    return 'already';
  end if;
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (p_order_id, p_attempt.id, p_attempt.provider, p_payment_id, p_attempt.gateway_order_id, p_attempt.amount_minor, p_attempt.currency);
  perform release_held(p_attempt.provider, p_attempt.gateway_order_id, p_payment_id);
  -- The first money of an order that counts as paid (marked by hand, say) is what it was waiting for; any further one goes back.
  if p_payment_id is not distinct from p_attempt.provider_payment_id
     and not exists (select 1 from payment_transactions where order_id = p_order_id and provider_payment_id <> p_payment_id)
     and not exists (select 1 from refund_records where order_id = p_order_id) then
    return 'already';
  end if;
  perform request_refund_of_payment(p_attempt.provider, p_payment_id, 'second_payment', 'system');
  return 'second_payment';
end $$;

-- A refund of ours is settled; one that is none of ours was made at the gateway.
create function judge_refund_notice(p jsonb, p_order_id bigint) returns text language plpgsql as $$
declare
  refund refund_records;
begin
  select * into refund from refund_records where refund_id = p ->> 'refund_id' and order_id is not distinct from p_order_id;
  if not found then
    if p ->> 'kind' = 'refund_failed' then
      return 'unknown_refund';
    end if;
    return book_outside_refund(
      p_order_id, p ->> 'provider', p ->> 'gateway_order_id', p ->> 'payment_id', p ->> 'refund_id', (p ->> 'amount_minor')::bigint,
      (p ->> 'refunded_total_minor')::bigint, coalesce(p ->> 'currency', p ->> 'refunded_total_currency'));
  end if;
  if (p ->> 'amount_minor')::bigint <> refund.amount_minor or p ->> 'currency' <> refund.currency then
    return 'amount_mismatch';
  end if;
  return settle_refund(refund.refund_id, case p ->> 'kind' when 'refunded' then 'succeeded' else 'failed' end, null);
end $$;

-- Some events name no order, only a payment by another id of the gateway's.
create function with_order_of_reference(p jsonb) returns jsonb language plpgsql stable as $$
declare
  named jsonb;
begin
  if p ->> 'order_no' is not null or p ->> 'reference' is null then
    return p;
  end if;
  select jsonb_build_object('order_no', o.order_no, 'gateway_order_id', a.gateway_order_id) into named
    from payment_attempts a join orders o on o.id = a.order_id where a.provider = p ->> 'provider' and a.reference = p ->> 'reference' limit 1;
  return p || coalesce(named, '{}');
end $$;

-- What a verified notice means. Locks the order's row first, so that copies of a notice queue up.
create function judge_notice(p jsonb) returns text language plpgsql as $$
declare
  n_provider constant text := p ->> 'provider';
  n_kind constant text := p ->> 'kind';
  n_gateway_order_id constant text := p ->> 'gateway_order_id';
  n_payment_id constant text := p ->> 'payment_id';
  n_amount_minor constant bigint := p ->> 'amount_minor';
  n_currency constant text := p ->> 'currency';
  is_refund constant boolean := n_kind in ('refunded', 'refund_failed');
  the_order orders;
  attempt payment_attempts;
  problem text;
begin
  if not (p ->> 'merchant_matches')::boolean then
    return 'other_merchant';
  end if;
  select * into the_order from orders where order_no = p ->> 'order_no' for update;
  if found then
    select * into attempt from payment_attempts where provider = n_provider and gateway_order_id = n_gateway_order_id and order_id = the_order.id;
    problem := case when not found then 'other_provider' end;
  else
    problem := 'unknown_order';
  end if;
  problem := coalesce(problem, p ->> 'problem');
  if problem is not null then
    if is_refund and p ->> 'problem' is null and exists (
      select 1 from payments_of(the_order.id) where provider = n_provider and gateway_order_id = n_gateway_order_id
      union all select 1 from held_payments where provider = n_provider and gateway_order_id = n_gateway_order_id and status = 'held') then
      return judge_refund_notice(p, the_order.id);
    end if;
    if n_kind = 'paid' then
      return hold_payment(n_provider, n_gateway_order_id, n_payment_id, the_order.id, n_amount_minor, n_currency, problem);
    end if;
    return problem;
  end if;

  if is_refund then
    return judge_refund_notice(p, the_order.id);
  end if;
  if n_kind = 'disputed' then
    update payment_transactions set disputed_at = coalesce(disputed_at, now())
     where order_id = the_order.id and provider = n_provider and attempt_id = attempt.id and (n_payment_id is null or provider_payment_id = n_payment_id);
    -- what was asked for before goes to people too: the bank is taking the same money
    update refund_records r set status = 'manual', last_error = 'the payment is in dispute', lease_owner = null, told_at = null
      from payment_transactions t where t.id = r.transaction_id and r.order_id = the_order.id and t.attempt_id = attempt.id and t.disputed_at is not null and r.status = 'requested';
    return 'disputed';
  end if;
  problem := case when n_currency <> attempt.currency then 'currency_mismatch' when n_amount_minor <> attempt.amount_minor then 'amount_mismatch' end;
  if problem is not null then
    if n_kind = 'paid' then
      return hold_payment(n_provider, n_gateway_order_id, n_payment_id, the_order.id, n_amount_minor, n_currency, problem);
    end if;
    -- money that is on its way and not complete yet is no matter for a person
    return case when n_kind in ('processing', 'pending', 'expired') then 'noted' else problem end;
  end if;
  if n_kind = 'paid' and (the_order.paid_at is not null or the_order.status in ('paid', 'generating', 'completed')) then
    return book_further_payment(the_order.id, attempt, n_payment_id);
  end if;
  if n_kind in ('paid', 'failed') and n_payment_id <> attempt.provider_payment_id then
    if n_kind = 'paid' then
      return hold_payment(n_provider, n_gateway_order_id, n_payment_id, the_order.id, coalesce(n_amount_minor, attempt.amount_minor), attempt.currency, 'payment_id_mismatch');
    end if;
    return 'payment_id_mismatch';
  end if;
  if n_kind = 'paid' then
    if p ->> 'reference' is not null then
      update payment_attempts set reference = p ->> 'reference' where id = attempt.id;
    end if;
    return book_payment(the_order, attempt, coalesce(n_payment_id, attempt.provider_payment_id, 'order:' || n_gateway_order_id), n_payment_id);
  end if;
  if n_kind = 'failed' then
    update orders set status = 'failed', failed_at = now(), status_reason = 'payment_failed', status_by = 'notice'
     where id = the_order.id and status = 'pending_payment'
       -- by another way to pay money is on its way
       and not exists (select 1 from payment_attempts a where a.order_id = the_order.id and a.id <> attempt.id and a.seen_at is not null)
       and not exists (select 1 from redpacket_codes c where c.order_id = the_order.id and c.attempt_id <> attempt.id and c.state = 'waiting');
    return case when found then 'failed' else 'already' end;
  end if;
  if n_kind = 'processing' then
    update payment_attempts set seen_at = now() where id = attempt.id and seen_at is null;
    update orders set payment_seen_at = now() where id = the_order.id and status = 'pending_payment' and payment_seen_at is null;
    return case when found then 'seen' else 'noted' end;
  end if;
  return 'noted';
end $$;

-- The first payment of an order: the one statement that flips it.
create function book_payment(p_order orders, p_attempt payment_attempts, p_payment_id text, p_named_payment_id text) returns text language plpgsql as $$
begin
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (p_order.id, p_attempt.id, p_attempt.provider, p_payment_id, p_attempt.gateway_order_id, p_attempt.amount_minor, p_attempt.currency)
  on conflict (provider, provider_payment_id) do nothing;
  if not found then
    return 'payment_of_other_order';
  end if;
  update orders
     set status = 'paid', paid_at = now(), failed_at = null, provider = p_attempt.provider, due_at = now(), status_by = 'notice',
         status_reason = case p_order.status when 'expired' then 'paid_late' when 'failed' then 'paid_after_failed_try' end
   where id = p_order.id;
  if p_attempt.provider_payment_id is null and p_named_payment_id is not null then
    update payment_attempts set provider_payment_id = p_named_payment_id where id = p_attempt.id;
  end if;
  perform release_held(p_attempt.provider, p_attempt.gateway_order_id, p_payment_id);
  return 'paid';
end $$;

-- Records a verified notice and does what it says. The notice's key only stops a second row: the judgement is made for every copy.
create function take_notice(p jsonb, p_digest bytea, p_raw bytea) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  notice constant jsonb := with_order_of_reference(p);
  verdict constant text := judge_notice(notice);
  flag constant jsonb := case when verdict not in ('paid', 'failed', 'already', 'second_payment', 'settled', 'noted', 'seen')
    then jsonb_build_object('verdict', verdict, 'amount_minor', (p ->> 'amount_minor')::bigint, 'currency', p ->> 'currency', 'provider_payment_id', p ->> 'payment_id') end;
begin
  insert into payment_notifications as n
    (provider, event_id, kind, order_no, provider_payment_id, refund_id, amount_minor, currency, verdict, flag, occurred_at, digest, raw)
  values (p ->> 'provider', p ->> 'event_id', p ->> 'kind', notice ->> 'gateway_order_id', p ->> 'payment_id', p ->> 'refund_id',
          (p ->> 'amount_minor')::bigint, p ->> 'currency', verdict, flag, (p ->> 'occurred_at')::timestamptz, p_digest, p_raw)
  on conflict (provider, event_id) do update
    set repeats = n.repeats + 1,
        -- an event that names no order may come before the payment that it is about
        order_no = coalesce(nullif(n.order_no, ''), excluded.order_no),
        verdict = case when excluded.verdict = 'already' then n.verdict else excluded.verdict end,
        -- a later copy that does not fit is a new matter for a person
        flag_handled_at = case when excluded.flag is distinct from n.flag and excluded.flag is not null then null else n.flag_handled_at end,
        flag = coalesce(excluded.flag, n.flag);
  return verdict;
end $$;

-- A process of the release before still calls this one.
create or replace function record_notice(
  p_provider text, p_event_id text, p_kind text, p_order_no text, p_gateway_order_id text, p_payment_id text, p_refund_id text,
  p_amount_minor bigint, p_currency text, p_merchant_matches boolean, p_problem text, p_occurred_at timestamptz, p_digest bytea, p_raw bytea
) returns text language sql security definer set search_path = public, pg_temp as $$
  select take_notice(
    jsonb_build_object(
      'provider', p_provider, 'event_id', p_event_id, 'kind', p_kind, 'order_no', p_order_no, 'gateway_order_id', p_gateway_order_id,
      'payment_id', p_payment_id, 'refund_id', p_refund_id, 'amount_minor', p_amount_minor, 'currency', p_currency,
      'merchant_matches', p_merchant_matches, 'problem', p_problem, 'occurred_at', p_occurred_at),
    p_digest, p_raw)
$$;
drop function judge_notice(text, text, text, text, text, text, bigint, text, boolean, text);

-- An answer to held money: 'deliver' pays the order with it, 'refund' gives it back, 'wait' gives it 72 hours more. Done once.
create function settle_held(p_id bigint, p_answer text, p_by text) returns text language plpgsql as $$
declare
  held held_payments;
  the_order orders;
  attempt_id bigint;
begin
  -- the order before the held money, as notices lock them
  select o.* into the_order from orders o join held_payments h on h.order_id = o.id where h.id = p_id for update of o;
  select * into held from held_payments where id = p_id for update;
  if not found or held.status <> 'held' then
    return 'already';
  end if;
  if p_answer = 'wait' then
    update held_payments set decide_by = now() + interval '72 hours' where id = p_id;
    return 'waiting';
  end if;
  if held.amount_minor is null then
    return 'amount_unknown';
  end if;
  if p_answer = 'deliver' then
    if held.order_id is null then
      return 'no_order';
    end if;
    if the_order.paid_at is not null or the_order.status not in ('pending_payment', 'expired', 'failed') then
      return 'order_paid';
    end if;
  end if;
  select id into attempt_id from payment_attempts where provider = held.provider and gateway_order_id = held.gateway_order_id;
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (held.order_id, attempt_id, held.provider, held.payment_key, held.gateway_order_id, held.amount_minor, held.currency);
  update held_payments set status = case p_answer when 'deliver' then 'delivered' else 'refunding' end, settled_at = now(), settled_by = p_by where id = p_id;
  if p_answer = 'refund' then
    perform request_refund_of_payment(held.provider, held.payment_key, 'unmatched_payment', p_by);
    return 'refunding';
  end if;
  update orders set status = 'paid', paid_at = now(), failed_at = null, provider = held.provider, due_at = now(), status_by = p_by, status_reason = 'delivered_after_all'
   where id = held.order_id;
  return 'delivered';
end $$;

revoke all on function reverse_promoter_credit, release_held, payments_of, hold_payment, request_refund_of_payment, book_outside_refund, judge_refund_notice,
  with_order_of_reference, judge_notice, book_payment, take_notice, settle_held from public;
