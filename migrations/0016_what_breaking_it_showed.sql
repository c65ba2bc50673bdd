-- What trying to break coins, memberships, goods, coupons and promoters showed, mended.

-- Making an order takes a coupon, then stock. So does giving them back now: the triggers of one statement run by their names.
alter trigger orders_return_coupon on orders rename to orders_coupon_back;

-- ---- a coupon that came back with its order, and was used up meanwhile ------------------------------------------------------

-- Counts it once more for an order that is paid late: false where it is used up, by all or by this buyer.
create function retake_coupon(p_order_id bigint) returns boolean language plpgsql as $$
declare
  its_use coupon_uses;
  coupon coupons;
  by_buyer integer;
begin
  select * into its_use from coupon_uses where order_id = p_order_id and returned_at is not null;
  if not found then
    return true;
  end if;
  select * into coupon from coupons where id = its_use.coupon_id for update;
  select count(*) into by_buyer from coupon_uses
   where coupon_id = coupon.id and returned_at is null and (user_id = its_use.user_id or email_digest = its_use.email_digest);
  if coupon.uses >= coupon.most_uses or by_buyer >= coupon.most_uses_each then
    return false;
  end if;
  update coupons set uses = uses + 1 where id = coupon.id;
  update coupon_uses set returned_at = null where order_id = p_order_id;
  return true;
end $$;

-- As in 0006, and of an order with coins or a coupon. What would leave it short of either flips nothing. Locked in the order in which the end
-- of an order gives them back: the account of coins, then the coupon.
create or replace function book_payment(p_order orders, p_attempt payment_attempts, p_payment_id text, p_named_payment_id text) returns text language plpgsql as $$
declare
  -- asked for before coins were to pay a part: it pays the whole
  is_whole constant boolean := p_order.coins_used > 0 and p_attempt.coins_minor = 0;
  takes_coins constant boolean := p_order.coins_state = 'returned' and not is_whole;
  payment bigint;
  missing text;
begin
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, gateway_order_id, amount_minor, currency)
  values (p_order.id, p_attempt.id, p_attempt.provider, p_payment_id, p_attempt.gateway_order_id, p_attempt.amount_minor, p_attempt.currency)
  on conflict (provider, provider_payment_id) do nothing returning id into payment;
  if not found then
    return 'payment_of_other_order';
  end if;
  if p_attempt.coins_minor > 0 and p_attempt.coins_minor <> p_order.coins_minor then
    missing := 'coins_returned';
  elsif takes_coins then
    perform 1 from coin_accounts where user_id = p_order.user_id and balance >= p_order.coins_used for update;
    missing := case when not found then 'coins_returned' end;
  end if;
  if missing is null and p_order.discount_minor > 0 and not retake_coupon(p_order.id) then
    missing := 'coupon_used_up';
  end if;
  if missing is not null then
    -- held, and not booked
    delete from payment_transactions where id = payment;
    return hold_payment(p_attempt.provider, p_attempt.gateway_order_id, p_payment_id, p_order.id, p_attempt.amount_minor, p_attempt.currency, missing);
  end if;
  if is_whole then
    perform forget_coin_part(p_order);
  elsif takes_coins then
    perform retake_coin_part(p_order);
  end if;
  update orders
     set status = 'paid', paid_at = now(), failed_at = null, provider = p_attempt.provider, due_at = now(), status_by = 'notice',
         status_reason = case p_order.status when 'expired' then 'paid_late' when 'failed' then 'paid_after_failed_try' end
   where id = p_order.id;
  if p_attempt.provider_payment_id is null and p_named_payment_id is not null then
    update payment_attempts set provider_payment_id = p_named_payment_id where id = p_attempt.id;
  end if;
  if p_attempt.repeats then
    perform note_subscription_payment(p_order.id);
  end if;
  perform release_held(p_attempt.provider, p_attempt.gateway_order_id, p_payment_id);
  return 'paid';
end $$;

-- ---- a second payment is told of once, also where nothing can be written to its buyer ------------------------------------------

alter table refund_records add column request_told_at timestamptz;
update refund_records r set request_told_at = now()
 where reason = 'second_payment' and (status not in ('requested', 'pending') or exists (select 1 from outbox where dedupe_key = 'second:' || r.refund_id));
create index refund_records_second_to_tell on refund_records (id) where reason = 'second_payment' and request_told_at is null;

-- ---- stock that was counted, and only that, comes back ------------------------------------------------------------------------

create or replace function release_stock(p_order_id bigint, p_actor text) returns void language plpgsql as $$
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
  -- what was taken while nothing was counted is not there to come back
  select least(ended.quantity - shown, coalesce(-sum(change), 0)) into back from inventory_logs where order_id = p_order_id;
  update inventory_items set status = 'available', order_id = null, sold_at = null where order_id = p_order_id and shown_at is null;
  update products set stock = stock + back where id = ended.product_id and stock is not null returning stock into left_over;
  if found and back > 0 then
    insert into inventory_logs (product_id, order_id, change, stock_after, reason, actor) values (ended.product_id, p_order_id, back, left_over, 'released', p_actor);
  end if;
  update orders set stock_state = 'released' where id = p_order_id;
end $$;

-- ---- memberships ---------------------------------------------------------------------------------------------------------------
-- A user's row is locked for no key update: a message to the same user, whose foreign key only wants the key, waits for nothing.

create or replace function activate_membership(p_user_id bigint, p_product_slug text, p_months integer, p_cause text, p_order_id bigint, p_actor text) returns text
language plpgsql as $$
declare
  given timestamptz;
  beginning timestamptz;
begin
  perform 1 from users where id = p_user_id for no key update;
  -- the clock under the lock: now() is when the transaction began, perhaps before another one that was quicker
  given := clock_timestamp();
  select greatest(given, max(ends_at)) into beginning from membership_periods where user_id = p_user_id and revoked_at is null;
  insert into membership_periods (user_id, product_slug, months, cause, order_id, starts_at, ends_at, actor, created_at)
  values (p_user_id, p_product_slug, p_months, p_cause, p_order_id, beginning, membership_end(beginning, p_months), p_actor, given)
  on conflict (cause) do nothing;
  return case when found then 'activated' else 'already' end;
end $$;

create or replace function revoke_membership(p_cause text) returns boolean language plpgsql as $$
declare
  gone membership_periods;
begin
  perform 1 from users where id = (select user_id from membership_periods where cause = p_cause) for no key update;
  -- read under the lock: another one that was taken away a moment ago has moved it
  update membership_periods set revoked_at = clock_timestamp() where cause = p_cause and revoked_at is null returning * into gone;
  if not found then
    return false;
  end if;
  update membership_periods
     set starts_at = greatest(gone.revoked_at, starts_at - (gone.ends_at - greatest(gone.starts_at, gone.revoked_at))),
         ends_at = greatest(gone.revoked_at, starts_at - (gone.ends_at - greatest(gone.starts_at, gone.revoked_at))) + (ends_at - starts_at)
   where user_id = gone.user_id and revoked_at is null and starts_at >= gone.ends_at and gone.ends_at > gone.revoked_at;
  return true;
end $$;

-- Derives all periods of a user anew, by playing again what was given and taken away, in its order. Returns how many were not where they belong.
create function sync_membership(p_user_id bigint) returns integer language plpgsql as $$
declare
  event record;
  gone_start timestamptz;
  gone_end timestamptz;
  moved integer;
begin
  perform 1 from users where id = p_user_id for no key update;
  create temporary table played (id bigint primary key, starts_at timestamptz, ends_at timestamptz) on commit drop;
  for event in
    select id, months, created_at as at, false as is_end from membership_periods where user_id = p_user_id
    union all
    select id, months, greatest(revoked_at, created_at), true from membership_periods where user_id = p_user_id and revoked_at is not null
    order by at, is_end, id
  loop
    if event.is_end then
      delete from played where id = event.id returning starts_at, ends_at into gone_start, gone_end;
      update played
         set starts_at = greatest(event.at, starts_at - (gone_end - greatest(gone_start, event.at))),
             ends_at = greatest(event.at, starts_at - (gone_end - greatest(gone_start, event.at))) + (ends_at - starts_at)
       where starts_at >= gone_end and gone_end > event.at;
    else
      insert into played
      select event.id, start, membership_end(start, event.months) from (select greatest(event.at, max(ends_at)) as start from played) s;
    end if;
  end loop;
  update membership_periods p set starts_at = played.starts_at, ends_at = played.ends_at
    from played where played.id = p.id and (p.starts_at, p.ends_at) is distinct from (played.starts_at, played.ends_at);
  get diagnostics moved = row_count;
  drop table played;
  return moved;
end $$;

-- ---- promoters -------------------------------------------------------------------------------------------------------------------

alter table promoter_credits
  -- as it was when the order was done
  add column rate_percent numeric(5, 2);
update promoter_credits c set rate_percent = p.rate_percent from promoters p where p.id = c.promoter_id;

-- What a promoter earns is the rate of what is kept: counted anew whenever a refund ends, or fails.
create or replace function reverse_promoter_credit(p_order_id bigint) returns void language plpgsql as $$
declare
  credit promoter_credits;
  kept bigint;
begin
  select * into credit from promoter_credits where order_id = p_order_id and reversed_at is null for update;
  if not found then
    return;
  end if;
  select coalesce(sum(amount_minor - refunded_minor), 0) into kept from payment_transactions t
   where order_id = p_order_id and currency = credit.currency
     and not exists (select 1 from refund_records r where r.transaction_id = t.id and r.reason in ('second_payment', 'unmatched_payment'));
  if kept = credit.amount_minor then
    return;
  end if;
  if kept = 0 then
    update promoter_credits set reversed_at = now() where order_id = p_order_id;
  else
    update promoter_credits set amount_minor = kept, commission_minor = floor(kept * coalesce(rate_percent, (select rate_percent from promoters where id = promoter_id)) / 100)
     where order_id = p_order_id;
  end if;
  update promoter_statistics set orders = orders - case when kept = 0 then 1 else 0 end, amount_minor = amount_minor - (credit.amount_minor - kept)
   where promoter_id = credit.promoter_id and currency = credit.currency;
end $$;

-- A refund that failed after the order was done: what was kept back of the commission is earned after all.
create function recount_promoter_credit() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform reverse_promoter_credit(new.order_id);
  return null;
end $$;
create trigger refund_records_recount after update of status on refund_records for each row
  when (new.status = 'failed' and old.status <> 'failed' and new.order_id is not null) execute function recount_promoter_credit();

-- ---- money that went back in the gateway's console before anything was given ------------------------------------------------------

create function fail_given_back(p_order_id bigint) returns void language plpgsql as $$
declare
  kept integer;
  back integer;
begin
  -- what paid for it: neither what came twice or fits nothing, nor coins for a part, which have nobody to give them back in a console
  select count(*) filter (where refunded_minor < amount_minor), count(*) filter (where refunded_minor = amount_minor) into kept, back
    from payment_transactions t where order_id = p_order_id and coalesce(gateway_order_id, '') not like 'part:%'
     and not exists (select 1 from refund_records r where r.transaction_id = t.id and r.reason in ('second_payment', 'unmatched_payment'));
  if kept > 0 or back = 0
     or exists (select 1 from order_steps s join orders o on o.id = s.order_id join products p on p.id = o.product_id
                 where s.order_id = p_order_id and s.step = 'by_hand' and s.finished_at is not null and p.handed_out_by = 'hand') then
    return;
  end if;
  update orders set status = 'generating', status_reason = 'refunded_at_gateway', status_by = 'notice', lease_owner = null
   where id = p_order_id and status = 'paid';
  update orders set status = 'failed', failed_at = now(), status_reason = 'refunded_at_gateway', status_by = 'notice', lease_owner = null
   where id = p_order_id and status = 'generating' and delivery = 'none';
  if found then
    perform request_refund_of_payment(provider, provider_payment_id, 'refunded_at_gateway', 'gateway')
       from payment_transactions where order_id = p_order_id and gateway_order_id like 'part:%';
  end if;
end $$;

alter function book_outside_refund(bigint, text, text, text, text, bigint, bigint, text) rename to book_refund_at_gateway;
-- Nothing is made or given any more for money that is back.
create function book_outside_refund(
  p_order_id bigint, p_provider text, p_gateway_order_id text, p_payment_id text, p_refund_id text, p_amount_minor bigint, p_total_minor bigint, p_currency text
) returns text language plpgsql as $$
declare
  verdict constant text := book_refund_at_gateway(p_order_id, p_provider, p_gateway_order_id, p_payment_id, p_refund_id, p_amount_minor, p_total_minor, p_currency);
begin
  if verdict = 'refunded_at_gateway' and p_order_id is not null then
    perform fail_given_back(p_order_id);
  end if;
  return verdict;
end $$;

revoke all on function retake_coupon, book_payment, release_stock, activate_membership, revoke_membership, sync_membership, reverse_promoter_credit,
  recount_promoter_credit, fail_given_back, book_refund_at_gateway, book_outside_refund from public;
