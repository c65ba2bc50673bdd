-- The webhook process's one write. It runs with the owner's rights, so that the process's own role needs none on any table.

create function settle_refund(p_refund_id text, p_status text, p_provider_refund_id text) returns text
language plpgsql as $$
declare
  refund refund_records;
begin
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
     set status = p_status, settled_at = now(), lease_owner = null, provider_refund_id = coalesce(p_provider_refund_id, provider_refund_id)
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
    with reversed as (
      update promoter_credits set reversed_at = now() where order_id = refund.order_id and reversed_at is null
        and not exists (select 1 from payment_transactions t where t.order_id = refund.order_id and t.refunded_minor < t.amount_minor)
      returning promoter_id, currency, amount_minor)
    update promoter_statistics s set orders = s.orders - 1, amount_minor = s.amount_minor - reversed.amount_minor
      from reversed where s.promoter_id = reversed.promoter_id and s.currency = reversed.currency;
  else
    update payment_transactions set refund_reserved_minor = refund_reserved_minor - refund.amount_minor, status = 'captured'
     where id = refund.transaction_id;
  end if;
  return 'settled';
end $$;

-- Reserves what is left of a payment, by one conditional update, and asks for its refund. Returns the refund's id, or null where nothing is left.
-- A refund that was refused or left to people is asked for again under its own id: a gateway that had done it after all returns the same refund.
-- One that the gateway itself ended as failed gets a new id, since the old one stays failed there.
create function request_refund_of_payment(p_provider text, p_payment_id text, p_reason text, p_by text, p_amount_minor bigint default null)
returns text language plpgsql as $$
declare
  payment payment_transactions;
  earlier refund_records;
  wanted bigint;
  new_id constant text := 'R' || replace(gen_random_uuid()::text, '-', '');
begin
  select * into payment from payment_transactions where provider = p_provider and provider_payment_id = p_payment_id for update;
  if not found then
    return null;
  end if;
  update refund_records set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
   where transaction_id = payment.id and status = 'manual' returning * into earlier;
  if found then
    return earlier.refund_id;
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
  update refund_records set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
   where id = (select id from refund_records where transaction_id = payment.id and status = 'failed' and refusals > 0 and amount_minor = wanted order by id limit 1)
  returning * into earlier;
  if found then
    return earlier.refund_id;
  end if;
  insert into refund_records (refund_id, order_id, transaction_id, provider, amount_minor, currency, reason, requested_by)
  values (new_id, payment.order_id, payment.id, payment.provider, wanted, payment.currency, p_reason, p_by);
  return new_id;
end $$;

-- A payment for an order that counts as paid already: a repeat, a payment that learns its id, or a second one, which goes back.
create function book_further_payment(p_order_id bigint, p_attempt payment_attempts, p_payment_id text) returns text
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
  insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, amount_minor, currency)
  values (p_order_id, p_attempt.id, p_attempt.provider, p_payment_id, p_attempt.amount_minor, p_attempt.currency);
  -- The first money of an order that counts as paid (marked by hand, say) is what it was waiting for; any further one goes back.
  if p_payment_id is not distinct from p_attempt.provider_payment_id
     and not exists (select 1 from payment_transactions where order_id = p_order_id and provider_payment_id <> p_payment_id)
     and not exists (select 1 from refund_records where order_id = p_order_id) then
    return 'already';
  end if;
  perform request_refund_of_payment(p_attempt.provider, p_payment_id, 'second_payment', 'system');
  return 'second_payment';
end $$;

-- What a verified notice means. Locks the order's row first, so that copies of a notice queue up.
create function judge_notice(
  p_provider text, p_kind text, p_order_no text, p_gateway_order_id text, p_payment_id text, p_refund_id text,
  p_amount_minor bigint, p_currency text, p_merchant_matches boolean, p_problem text
) returns text language plpgsql as $$
declare
  the_order orders;
  attempt payment_attempts;
  refund refund_records;
  payment_id text;
begin
  if not p_merchant_matches then
    return 'other_merchant';
  end if;
  select * into the_order from orders where order_no = p_order_no for update;
  if not found then
    return 'unknown_order';
  end if;
  select * into attempt from payment_attempts where provider = p_provider and gateway_order_id = p_gateway_order_id and order_id = the_order.id;
  if not found then
    return 'other_provider';
  end if;
  if p_problem is not null then
    return p_problem;
  end if;

  if p_kind in ('refunded', 'refund_failed') then
    select * into refund from refund_records where refund_id = p_refund_id and order_id = the_order.id;
    if not found then
      return 'unknown_refund';
    end if;
    if p_amount_minor <> refund.amount_minor or p_currency <> refund.currency then
      return 'amount_mismatch';
    end if;
    return settle_refund(p_refund_id, case p_kind when 'refunded' then 'succeeded' else 'failed' end, null);
  end if;

  if p_currency <> attempt.currency then
    return 'currency_mismatch';
  end if;
  if p_amount_minor <> attempt.amount_minor then
    return 'amount_mismatch';
  end if;
  if p_kind = 'paid' and (the_order.paid_at is not null or the_order.status in ('paid', 'generating', 'completed')) then
    return book_further_payment(the_order.id, attempt, p_payment_id);
  end if;
  if p_kind in ('paid', 'failed') and p_payment_id <> attempt.provider_payment_id then
    return 'payment_id_mismatch';
  end if;
  if p_kind = 'paid' then
    payment_id := coalesce(p_payment_id, attempt.provider_payment_id, 'order:' || p_gateway_order_id);
    insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, amount_minor, currency)
    values (the_order.id, attempt.id, p_provider, payment_id, attempt.amount_minor, attempt.currency)
    on conflict (provider, provider_payment_id) do nothing;
    if not found then
      return 'payment_of_other_order';
    end if;
    update orders
       set status = 'paid', paid_at = now(), failed_at = null, provider = p_provider, due_at = now(), status_by = 'notice',
           status_reason = case the_order.status when 'expired' then 'paid_late' when 'failed' then 'paid_after_failed_try' end
     where id = the_order.id;
    if attempt.provider_payment_id is null and p_payment_id is not null then
      update payment_attempts set provider_payment_id = p_payment_id where id = attempt.id;
    end if;
    return 'paid';
  end if;
  if p_kind = 'failed' then
    update orders set status = 'failed', failed_at = now(), status_reason = 'payment_failed', status_by = 'notice'
     where id = the_order.id and status = 'pending_payment';
    return case when found then 'failed' else 'already' end;
  end if;
  return 'noted';
end $$;

-- Records a verified notice and does what it says. The notice's key only stops a second row: the judgement is made for every copy.
create function record_notice(
  p_provider text, p_event_id text, p_kind text, p_order_no text, p_gateway_order_id text, p_payment_id text, p_refund_id text,
  p_amount_minor bigint, p_currency text, p_merchant_matches boolean, p_problem text, p_occurred_at timestamptz, p_digest bytea, p_raw bytea
) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  verdict constant text := judge_notice(p_provider, p_kind, p_order_no, p_gateway_order_id, p_payment_id, p_refund_id, p_amount_minor, p_currency, p_merchant_matches, p_problem);
  flag constant jsonb := case when verdict not in ('paid', 'failed', 'already', 'second_payment', 'settled', 'noted')
    then jsonb_build_object('verdict', verdict, 'amount_minor', p_amount_minor, 'currency', p_currency, 'provider_payment_id', p_payment_id) end;
begin
  insert into payment_notifications as n
    (provider, event_id, kind, order_no, provider_payment_id, refund_id, amount_minor, currency, verdict, flag, occurred_at, digest, raw)
  values (p_provider, p_event_id, p_kind, p_gateway_order_id, p_payment_id, p_refund_id, p_amount_minor, p_currency, verdict, flag, p_occurred_at, p_digest, p_raw)
  on conflict (provider, event_id) do update
    set repeats = n.repeats + 1,
        verdict = case when excluded.verdict = 'already' then n.verdict else excluded.verdict end,
        -- a later copy that does not fit is a new matter for a person
        flag_handled_at = case when excluded.flag is distinct from n.flag and excluded.flag is not null then null else n.flag_handled_at end,
        flag = coalesce(excluded.flag, n.flag);
  return verdict;
end $$;

create function record_refused_notice(p_provider text, p_why text, p_digest bytea, p_size integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- forgeries queue up behind each other, so that the count is true
  perform pg_advisory_xact_lock(7141002);
  if (select count(*) from refused_notices where refused_at > now() - interval '1 second') >= 5 then
    return;
  end if;
  insert into refused_notices (slot, provider, why, digest, size) values (nextval('refused_notice_numbers') % 1000, left(p_provider, 20), left(p_why, 300), p_digest, p_size)
  on conflict (slot) do update set provider = excluded.provider, why = excluded.why, digest = excluded.digest, size = excluded.size, refused_at = now();
end $$;

revoke all on function settle_refund, book_further_payment, request_refund_of_payment, judge_notice, record_notice, record_refused_notice from public;
