-- What operators hear of every order, and what buyers without a chat get by mail: each thing is told once.

-- A change of an order that operators were not told of (yet). What is there already is old: the default marks it without touching a row.
alter table order_events add column told_at timestamptz default now();
alter table order_events alter column told_at drop default;
create index order_events_to_tell on order_events (id) where told_at is null;

-- The same for refunds that begin; how they end has `told_at`.
alter table refund_records add column announced_at timestamptz default now();
alter table refund_records alter column announced_at drop default;
create index refund_records_to_announce on refund_records (id) where announced_at is null;

-- Buyers of the shop get a mail with the link of their order.
alter table orders add column received_told_at timestamptz default now();
alter table orders alter column received_told_at drop default;
create index orders_received_to_tell on orders (id) where email is not null and received_told_at is null;

-- A mail that was sent needs its address no more.
alter table outbox
  drop constraint outbox_has_receiver,
  add constraint outbox_has_receiver check ((chat_id is null or mail_to is null) and (chat_id is not null or mail_to is not null or status in ('sent', 'dropped')));
