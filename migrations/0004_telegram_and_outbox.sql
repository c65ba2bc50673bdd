-- What is said to people and what they say.

create table outbox (
  id bigint generated always as identity primary key,
  chat_id bigint not null,
  -- null: the operators' chat
  user_id bigint references users,
  order_id bigint references orders,
  -- whoever says the same thing twice says it once
  dedupe_key text not null unique,
  -- edits the message that was sent under this key, instead of sending a new one
  edits text,
  -- this row is part of the order's report; when none of its parts is left unsent, the order is complete
  delivers boolean not null default false,
  -- encrypted {template, params, buttons}; dropped when sent
  payload bytea,
  status text not null default 'pending' check (status in ('pending', 'sent', 'parked', 'dropped')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  sent_message_id bigint,
  last_error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_of_chat on outbox (chat_id, id) where status = 'pending';
create index outbox_due on outbox (due_at) where status = 'pending';
create index outbox_parked on outbox (chat_id) where status = 'parked';
create index outbox_delivers on outbox (order_id) where delivers;
-- an answer in a chat names the message it answers
create index outbox_sent on outbox (chat_id, sent_message_id) where sent_message_id is not null;

-- Writes messages in the order of the list; one whose key is there already is said already.
create function enqueue_messages(p_list jsonb) returns void language sql as $$
  insert into outbox (chat_id, user_id, order_id, dedupe_key, edits, delivers, payload)
  select chat_id, user_id, order_id, dedupe_key, edits, delivers, decode(payload, 'base64')
    from jsonb_to_recordset(p_list)
      as m(chat_id bigint, user_id bigint, order_id bigint, dedupe_key text, edits text, delivers boolean, payload text, place bigint)
   order by place
  on conflict (dedupe_key) do nothing
$$;
revoke all on function enqueue_messages from public;

-- Updates of Telegram, written down before the offset moves.
create table telegram_updates (
  update_id bigint primary key,
  chat_id bigint,
  -- encrypted; dropped when handled
  payload bytea,
  -- pre-checkout queries: answered within seconds, so first and at once
  urgent boolean not null default false,
  status text not null default 'pending' check (status in ('pending', 'done', 'failed')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  last_error text,
  received_at timestamptz not null default now(),
  handled_at timestamptz
);
create index telegram_updates_pending on telegram_updates (chat_id, update_id) where status = 'pending';

-- Where each chat stands in its conversation; encrypted, since it holds what was typed.
create table bot_sessions (
  chat_id bigint primary key,
  state bytea not null,
  updated_at timestamptz not null default now()
);

create table support_messages (
  id bigint generated always as identity primary key,
  user_id bigint not null references users,
  from_operator boolean not null,
  text bytea not null,
  -- the message in the operators' chat whose answers go back to this user
  operator_message_id bigint,
  created_at timestamptz not null default now()
);
create index support_messages_thread on support_messages (operator_message_id);

-- Telegram's limits, shared by all processes: the time up to which the budget of a chat ('chat:<id>') or of the bot ('all') is spent.
create unlogged table telegram_limits (
  key text primary key,
  spent_until timestamptz not null
);

-- Takes one slot and returns the milliseconds to wait before it may be used (generic cell rate algorithm): each message pushes
-- spent_until by its interval, and may run ahead of now by the burst. The slot is taken even when there is a wait.
create function telegram_take_slot(p_key text, p_interval_ms integer, p_burst integer) returns integer language sql as $$
  insert into telegram_limits as l (key, spent_until)
  values (p_key, clock_timestamp() + make_interval(secs => p_interval_ms / 1000.0))
  on conflict (key) do update
    -- no more than ten minutes ahead: a clock that was set back must not silence the bot
    set spent_until = greatest(least(l.spent_until, clock_timestamp() + interval '10 minutes'), clock_timestamp()) + make_interval(secs => p_interval_ms / 1000.0)
  returning greatest(0, ceil(extract(epoch from spent_until - clock_timestamp()) * 1000 - p_interval_ms * p_burst))::integer
$$;
