-- Money: what was asked of the gateways, what they said, what came in, what goes back.

create table payment_attempts (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders,
  provider text not null,
  method text not null,
  -- our order number at the gateway, with -2, -3 for a later attempt
  gateway_order_id text not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  provider_payment_id text,
  payment_url text,
  status text not null default 'open' check (status in ('open', 'closed')),
  created_at timestamptz not null default now(),
  unique (provider, gateway_order_id),
  unique (order_id, provider, method)
);

create index payment_attempts_open on payment_attempts (order_id) where status = 'open';

-- Every verified notice once, with what became of it.
create table payment_notifications (
  id bigint generated always as identity primary key,
  provider text not null,
  event_id text not null,
  kind text not null,
  -- as the gateway wrote it; an order of ours or not
  order_no text,
  provider_payment_id text,
  refund_id text,
  amount_minor bigint,
  currency text,
  verdict text not null,
  -- set where a person must look at it: what did not fit, with the values of that copy of the notice
  flag jsonb,
  flag_handled_at timestamptz,
  repeats integer not null default 0,
  occurred_at timestamptz,
  received_at timestamptz not null default now(),
  digest bytea not null,
  -- sealed with NOTICE_PUBLIC_KEY, dropped after 30 days
  raw bytea,
  unique (provider, event_id)
);
create index payment_notifications_flagged on payment_notifications (id) where flag is not null and flag_handled_at is null;
create index payment_notifications_raw on payment_notifications (received_at) where raw is not null;

-- Notices that were refused: a ring of 1,000 rows, so that a flood of forgeries fills no disk.
create sequence refused_notice_numbers;
create table refused_notices (
  slot integer primary key,
  provider text not null,
  why text not null,
  digest bytea not null,
  size integer not null,
  refused_at timestamptz not null default now()
);

-- One row per payment received. refund_reserved_minor is taken before any refund is asked for, so that two refunds never return the same money.
create table payment_transactions (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders,
  attempt_id bigint references payment_attempts,
  provider text not null,
  provider_payment_id text not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  status text not null default 'captured' check (status in ('captured', 'refunding', 'refunded')),
  refund_reserved_minor bigint not null default 0 check (refund_reserved_minor between 0 and amount_minor),
  refunded_minor bigint not null default 0 check (refunded_minor between 0 and refund_reserved_minor),
  created_at timestamptz not null default now(),
  unique (provider, provider_payment_id)
);
create index payment_transactions_of_order on payment_transactions (order_id);

create table refund_records (
  id bigint generated always as identity primary key,
  refund_id text not null unique,
  order_id bigint not null references orders,
  -- null: the order counts as paid but no payment was recorded; the gateway is asked under the order number
  transaction_id bigint references payment_transactions,
  provider text,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null,
  requested_by text not null,
  status text not null default 'requested' check (status in ('requested', 'pending', 'succeeded', 'failed', 'manual')),
  attempts integer not null default 0,
  -- how often the gateway itself said no; silence is no refusal
  refusals integer not null default 0,
  due_at timestamptz not null default now(),
  lease_owner text,
  provider_refund_id text,
  last_error text,
  -- the buyer (succeeded) or the operators (failed, manual) have been told
  told_at timestamptz,
  created_at timestamptz not null default now(),
  settled_at timestamptz
);
create unique index refund_records_without_payment on refund_records (order_id) where transaction_id is null;
create index refund_records_of_order on refund_records (order_id);
create index refund_records_due on refund_records (due_at) where status in ('requested', 'pending');
create index refund_records_to_tell on refund_records (id) where status in ('succeeded', 'failed', 'manual') and told_at is null;

-- What needs a person's decision: money that fits no order, refunds that a gateway refuses, wishes beyond the rules.
create table inbox_items (
  id bigint generated always as identity primary key,
  kind text not null,
  dedupe_key text not null unique,
  order_id bigint references orders,
  details jsonb not null default '{}',
  status text not null default 'open' check (status in ('open', 'resolved')),
  resolution text,
  created_at timestamptz not null default now(),
  resolved_at timestamptz
);
create index inbox_items_open on inbox_items (id) where status = 'open';
