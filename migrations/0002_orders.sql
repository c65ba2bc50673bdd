-- Orders, their history and the saved results of their steps. The database itself refuses an illegal change of state.

-- Filled by `migrate` from packages/orders/src/states.ts, the one place where moves are written.
create table order_moves (
  from_status text not null,
  to_status text not null,
  only_unpaid boolean not null,
  primary key (from_status, to_status)
);

create table orders (
  id bigint generated always as identity primary key,
  order_no text not null unique,
  status text not null default 'pending_payment',
  -- why it is in this state, and who moved it there; copied into order_events
  status_reason text,
  status_by text,
  kind text not null,
  user_id bigint references users,
  product_id bigint references products,
  product_slug text not null,
  product_names jsonb not null,
  quantity integer not null default 1 check (quantity >= 1),
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null,
  -- the gateway that it was paid by, or the last one chosen while unpaid
  provider text,
  language text not null default 'zh-CN',
  -- encrypted: birth data and name
  input bytea,
  bazi_source text not null default 'local',
  -- one order out of one confirmation card, however often it is pressed
  confirmation_id text unique,
  external_id text,
  promoter_id bigint references promoters,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '30 minutes',
  paid_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  -- who works on it; every write of a step names its holder and finds no row once the order was taken away
  lease_owner text,
  -- nobody else touches a generating order before this time: the end of the lease while somebody works, the end of a pause while it waits
  due_at timestamptz not null default now(),
  -- how often a holder died with it; an order that kills its process is not tried for ever
  takeovers integer not null default 0,
  delivery text not null default 'none' check (delivery in ('none', 'sending', 'delivered', 'parked')),
  delivery_started_at timestamptz,
  -- the buyer was told that the gateway called the payment failed
  payment_failure_told_at timestamptz,
  -- when the gateway is asked next about this unpaid order
  check_payment_at timestamptz
);

-- the two hot queries: what is there to claim, and whose holder is gone or pause is over
create index orders_to_claim on orders (paid_at, id) where status = 'paid';
create index orders_due on orders (due_at, id) where status = 'generating' and delivery = 'none';
create index orders_unpaid on orders (expires_at) where status = 'pending_payment';
create index orders_being_delivered on orders (delivery_started_at) where status = 'generating' and delivery = 'sending';
-- orders that ended unpaid: their money may still come
create index orders_ended_unpaid on orders (created_at) where status in ('failed', 'expired') and paid_at is null;
create index orders_payment_failure_to_tell on orders (id) where status = 'failed' and paid_at is null and payment_failure_told_at is null;
create unique index orders_external_id on orders (external_id) where external_id is not null;
create index orders_of_user on orders (user_id, id desc);

create table order_events (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders,
  from_status text,
  status text not null,
  reason text,
  actor text,
  created_at timestamptz not null default now()
);
create index order_events_of_order on order_events (order_id, id);

create function check_order_move() returns trigger language plpgsql as $$
begin
  if not exists (
    select 1 from order_moves
     where from_status = old.status and to_status = new.status and (not only_unpaid or old.paid_at is null)
  ) then
    raise exception 'order % cannot go from % to %', old.order_no, old.status, new.status using errcode = 'MD001';
  end if;
  return new;
end $$;

create function write_order_event() returns trigger language plpgsql as $$
begin
  insert into order_events (order_id, from_status, status, reason, actor)
  values (new.id, case when tg_op = 'UPDATE' then old.status end, new.status, new.status_reason, coalesce(new.status_by, session_user));
  return null;
end $$;

create function check_first_status() returns trigger language plpgsql as $$
begin
  raise exception 'order % cannot begin as %', new.order_no, new.status using errcode = 'MD001';
end $$;

create trigger orders_move before update of status on orders for each row when (old.status is distinct from new.status) execute function check_order_move();
create trigger orders_event after update of status on orders for each row when (old.status is distinct from new.status) execute function write_order_event();
create trigger orders_created after insert on orders for each row execute function write_order_event();
create trigger orders_first_status before insert on orders for each row when (new.status <> 'pending_payment') execute function check_first_status();

create table order_steps (
  order_id bigint not null references orders,
  step text not null,
  -- how often it failed so far, so that a crash does not give a fresh budget of retries
  failures integer not null default 0,
  -- encrypted; null while it is not done
  result bytea,
  prompt_tokens integer,
  cached_tokens integer,
  completion_tokens integer,
  -- millionths of a CNY
  cost_micros bigint,
  duration_ms integer,
  finished_at timestamptz,
  primary key (order_id, step)
);

-- Whether reports can be written at all: one row. See docs/operate.md, "The queue is paused".
create table fulfilment_health (
  id smallint primary key default 1 check (id = 1),
  paused_at timestamptz,
  cause text,
  -- the next order that may try after a pause began
  probe_at timestamptz,
  -- orders in a row that the model refused with the same answer
  streak_answer text,
  streak_orders bigint[] not null default '{}'
);
insert into fulfilment_health default values;

create table promoter_credits (
  order_id bigint primary key references orders,
  promoter_id bigint not null references promoters,
  amount_minor bigint not null,
  currency text not null,
  credited_at timestamptz not null default now(),
  reversed_at timestamptz
);

create table promoter_statistics (
  promoter_id bigint not null references promoters,
  currency text not null,
  orders bigint not null default 0,
  amount_minor bigint not null default 0,
  primary key (promoter_id, currency)
);
