-- Memberships that pay themselves again every 30 days. Each renewal is an order and a payment of its own; what runs is remembered here.

alter table orders
  -- of a membership: what was bought, however the product changes later
  add column months integer check (months > 0),
  -- the first order of the subscription that this one renews
  add column renews bigint references orders;

alter table payment_attempts
  -- a payment by which its gateway takes the same again, every 30 days
  add column repeats boolean not null default false;

create table subscriptions (
  -- the first one, whose id the gateway names with every renewal
  order_id bigint primary key references orders,
  user_id bigint not null references users,
  provider text not null,
  -- by which the gateway knows the subscription: its first payment
  payment_id text not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  -- failed: the gateway could not take the money; ending: we want no more of it, and the gateway has to be told; ended: it is told, or its user
  -- did it; refused: the gateway does not end it, and a person has it
  state text not null default 'active' check (state in ('active', 'failed', 'ending', 'ended', 'refused')),
  -- nobody of ours wants it paid again: whatever its gateway says, it does not become active by itself
  end_wanted boolean not null default false,
  renews_at timestamptz not null,
  -- how often the gateway itself said no to the end; silence is no refusal
  refusals integer not null default 0,
  due_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
create index subscriptions_of_user on subscriptions (user_id) where state in ('active', 'failed');
create index subscriptions_to_end on subscriptions (due_at) where state = 'ending';

-- A payment of a subscription came, the first or a renewal: by book_payment, in the transaction that books it. One that should have ended is
-- to be ended again.
create function note_subscription_payment(p_order_id bigint) returns void language sql as $$
  insert into subscriptions as s (order_id, user_id, provider, payment_id, amount_minor, currency, renews_at, state, end_wanted)
  select coalesce(o.renews, o.id), o.user_id, t.provider, t.provider_payment_id, t.amount_minor, t.currency, t.created_at + interval '30 days',
         case when u.forgotten_at > o.created_at then 'ending' else 'active' end, coalesce(u.forgotten_at > o.created_at, false)
    from orders o join users u on u.id = o.user_id join payment_transactions t on t.order_id = o.id
    join payment_attempts a on a.id = t.attempt_id and a.repeats
   where o.id = p_order_id
   order by t.id limit 1
  on conflict (order_id) do update
    set renews_at = greatest(s.renews_at, excluded.renews_at),
        -- the gateway knows it by the first one, which may be booked after a renewal
        payment_id = case when (select renews from orders where id = p_order_id) is null then excluded.payment_id else s.payment_id end,
        state = case when s.end_wanted then 'ending' else 'active' end, refusals = 0, due_at = now()
$$;

-- The money of one of its payments went back: nothing more is to be taken by it.
create function end_subscription_of_refund(p_refund_id text) returns boolean language plpgsql as $$
begin
  insert into subscriptions as s (order_id, user_id, provider, payment_id, amount_minor, currency, renews_at, state, end_wanted)
  select coalesce(o.renews, o.id), o.user_id, t.provider, t.provider_payment_id, t.amount_minor, t.currency, t.created_at + interval '30 days', 'ending', true
    from refund_records r join payment_transactions t on t.id = r.transaction_id join payment_attempts a on a.id = t.attempt_id and a.repeats
    join orders o on o.id = t.order_id
   where r.refund_id = p_refund_id and o.user_id is not null
  on conflict (order_id) do update set state = 'ending', end_wanted = true, refusals = 0, due_at = now() where s.state in ('active', 'failed');
  return found;
end $$;

-- A month is never shorter than the 30 days after which a subscription pays again. activate_membership (0016) and its kin count by it.
create function membership_end(p_start timestamptz, p_months integer) returns timestamptz language sql stable as $$
  select greatest(p_start + make_interval(months => p_months), p_start + make_interval(days => 30 * p_months))
$$;

update products set descriptions = '{"zh-CN": "可用来购买报告、会员和商品", "zh-TW": "可用來購買報告、會員和商品", "en": "To pay for reports, memberships and goods"}'
 where slug = 'coins-1' and descriptions ->> 'en' = 'To pay for reports and goods';

revoke all on function note_subscription_payment, end_subscription_of_refund, membership_end from public;
