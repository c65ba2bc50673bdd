-- A part of an order may be paid with coins, the rest through a gateway. The coins are taken when the buyer says so, held while the rest is
-- open, come back when the order ends unpaid, and are a payment of their own once the rest has come.

alter table orders
  add column coins_used bigint not null default 0 check (coins_used >= 0),
  -- what they stand for, in the order's currency
  add column coins_minor bigint not null default 0 check (coins_minor >= 0),
  add column coins_state text not null default 'none' check (coins_state in ('none', 'held', 'spent', 'returned')),
  add constraint orders_coin_part check (
    (coins_used = 0) = (coins_state = 'none') and (coins_used = 0) = (coins_minor = 0) and (coins_minor = 0 or coins_minor < amount_minor));

alter table payment_attempts
  -- of the order's price, what coins were to pay when the gateway was asked for the rest
  add column coins_minor bigint not null default 0 check (coins_minor >= 0);

-- How the part is named in the ledger, and by its refunds: taken once, and once more when the rest comes after the order had ended.
create function coin_part_cause(p_order_no text, p_time integer) returns text language sql immutable as $$
  select 'part:' || p_order_no || ':' || p_time
$$;

-- Takes a part's coins: false where there are not enough (any more). The order's row is locked by the caller.
create function take_coin_part(p_order orders, p_coins bigint, p_time integer) returns boolean language plpgsql as $$
begin
  perform 1 from coin_accounts where user_id = p_order.user_id and balance >= p_coins for update;
  if not found then
    return false;
  end if;
  insert into coin_ledger (user_id, amount, cause, order_id, reason, actor)
  values (p_order.user_id, -p_coins, coin_part_cause(p_order.order_no, p_time), p_order.id, 'payment', 'buyer');
  return true;
end $$;

-- Lets coins pay a part of an unpaid order: 'held' | 'already' (the same part once more) | 'not_enough' | 'not_payable'. What was asked for
-- before them is closed in our books; who pays that all the same has paid the whole, and gets the coins back (book_payment).
create function use_coins(p_order_id bigint, p_user_id bigint, p_coins bigint, p_minor bigint) returns text language plpgsql as $$
declare
  the_order orders;
begin
  select * into the_order from orders where id = p_order_id for update;
  if not found or the_order.user_id is distinct from p_user_id or the_order.kind = 'coins'
     or the_order.status <> 'pending_payment' or the_order.expires_at <= now() or the_order.payment_seen_at is not null then
    return 'not_payable';
  end if;
  if the_order.coins_state = 'held' then
    return case when the_order.coins_used = p_coins then 'already' else 'not_payable' end;
  end if;
  if not take_coin_part(the_order, p_coins, 1) then
    return 'not_enough';
  end if;
  update payment_attempts set status = 'closed', ask_at = null where order_id = p_order_id and status = 'open';
  update orders set coins_used = p_coins, coins_minor = p_minor, coins_state = 'held' where id = p_order_id;
  return 'held';
end $$;

-- The order ended unpaid: its coins come back, once.
create function return_coin_part(p_order orders) returns void language plpgsql as $$
declare
  taken coin_ledger;
begin
  select * into taken from coin_ledger where cause = coin_part_cause(p_order.order_no, 1);
  insert into coin_ledger (user_id, amount, cause, pays_back, order_id, reason, actor)
  values (taken.user_id, -taken.amount, 'unused:' || p_order.order_no, taken.id, p_order.id, 'unused', 'system');
  update orders set coins_state = 'returned' where id = p_order.id;
end $$;

-- The rest of an order that had ended came after all: its coins are taken again, where they are still there.
create function retake_coin_part(p_order orders) returns boolean language plpgsql as $$
begin
  if not take_coin_part(p_order, p_order.coins_used, 2) then
    return false;
  end if;
  update orders set coins_state = 'held' where id = p_order.id;
  return true;
end $$;

-- The rest is paid: from here the coins are a payment of the order, and go back by a refund only.
create function spend_coin_part(p_order orders) returns void language plpgsql as $$
declare
  taken coin_ledger;
begin
  -- Whoever marks such an order paid by hand has decided to do without coins that are gone.
  if p_order.coins_state = 'returned' and not retake_coin_part(p_order) then
    return;
  end if;
  select * into taken from coin_ledger
   where cause in (coin_part_cause(p_order.order_no, 1), coin_part_cause(p_order.order_no, 2)) order by id desc limit 1;
  insert into payment_transactions (order_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (p_order.id, 'points', 'coins:' || taken.id, taken.cause, p_order.coins_used, 'COIN');
  update orders set coins_state = 'spent' where id = p_order.id;
end $$;

-- The whole was paid, by what had been asked for before the coins: they come back, and the order has nothing to do with them any more.
create function forget_coin_part(p_order orders) returns void language plpgsql as $$
begin
  if p_order.coins_state = 'held' then
    perform return_coin_part(p_order);
  end if;
  update orders set coins_used = 0, coins_minor = 0, coins_state = 'none' where id = p_order.id;
end $$;

create function settle_coin_part() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.status = 'paid' then
    perform spend_coin_part(new);
  else
    perform return_coin_part(new);
  end if;
  return null;
end $$;
create trigger orders_coin_part after update of status on orders for each row
  when ((new.status = 'paid' and new.coins_state in ('held', 'returned'))
    or (new.status in ('expired', 'failed') and new.paid_at is null and new.coins_state = 'held'))
  execute function settle_coin_part();

-- book_payment, by which the rest comes, is written anew in 0016.

-- As in 0006, but for coins that pay a part: they are no payment that the first money of an order would come second to.
create or replace function book_further_payment(p_order_id bigint, p_attempt payment_attempts, p_payment_id text) returns text
language plpgsql as $$
declare
  fallback_id constant text := 'order:' || p_attempt.gateway_order_id;
  payment_order bigint;
  part payment_transactions;
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
  select * into part from payment_transactions where order_id = p_order_id and gateway_order_id like 'part:%';
  -- The first money of an order that counts as paid (marked by hand, say) is what it was waiting for; any further one goes back.
  if p_payment_id is not distinct from p_attempt.provider_payment_id
     and not exists (select 1 from payment_transactions where order_id = p_order_id and provider_payment_id <> p_payment_id and id is distinct from part.id)
     and not exists (select 1 from refund_records where order_id = p_order_id) then
    if part.id is not null and p_attempt.coins_minor = 0 then
      -- it was the whole: the coins go back
      perform request_refund_of_payment('points', part.provider_payment_id, 'second_payment', 'system');
    end if;
    return 'already';
  end if;
  perform request_refund_of_payment(p_attempt.provider, p_payment_id, 'second_payment', 'system');
  return 'second_payment';
end $$;

-- As in 0006, and the whole that is delivered needs no coins beside it.
create or replace function settle_held(p_id bigint, p_answer text, p_by text) returns text language plpgsql as $$
declare
  held held_payments;
  the_order orders;
  attempt payment_attempts;
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
  select * into attempt from payment_attempts where provider = held.provider and gateway_order_id = held.gateway_order_id;
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (held.order_id, attempt.id, held.provider, held.payment_key, held.gateway_order_id, held.amount_minor, held.currency);
  update held_payments set status = case p_answer when 'deliver' then 'delivered' else 'refunding' end, settled_at = now(), settled_by = p_by where id = p_id;
  if p_answer = 'refund' then
    perform request_refund_of_payment(held.provider, held.payment_key, 'unmatched_payment', p_by);
    return 'refunding';
  end if;
  if the_order.coins_used > 0 and coalesce(attempt.coins_minor, 0) = 0 then
    perform forget_coin_part(the_order);
  end if;
  update orders set status = 'paid', paid_at = now(), failed_at = null, provider = held.provider, due_at = now(), status_by = p_by, status_reason = 'delivered_after_all'
   where id = held.order_id;
  return 'delivered';
end $$;

-- As in 0007, and of a part as well, which is named by its cause.
create or replace function give_coins_back(p_refund_id text, p_gateway_order_id text, p_amount bigint) returns text language plpgsql as $$
declare
  its_cause constant text := 'refund:' || p_refund_id;
  payment coin_ledger;
  earlier coin_ledger;
begin
  select * into payment from coin_ledger where cause in ('pay:' || p_gateway_order_id, p_gateway_order_id) and amount < 0;
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

revoke all on function coin_part_cause, take_coin_part, use_coins, return_coin_part, retake_coin_part, spend_coin_part, forget_coin_part, settle_coin_part, book_further_payment, settle_held, give_coins_back from public;
