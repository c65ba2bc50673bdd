-- Buyers of the shop correct what they mistyped, an address or a red-packet code, and nobody uses up what is another one's.

alter table orders
  -- keyed digest of the network that an order without an account came from; kept while it waits for money
  add column client_digest bytea,
  add column email_corrections smallint not null default 0 check (email_corrections between 0 and 3);

-- As in 0002, and the network is forgotten with the first move.
create or replace function check_order_move() returns trigger language plpgsql as $$
begin
  if not exists (
    select 1 from order_moves
     where from_status = old.status and to_status = new.status and (not only_unpaid or old.paid_at is null)
  ) then
    raise exception 'order % cannot go from % to %', old.order_no, old.status, new.status using errcode = 'MD001';
  end if;
  new.client_digest := null;
  return new;
end $$;

alter table redpacket_events drop constraint redpacket_events_what_check;
alter table redpacket_events add constraint redpacket_events_what_check check (what in ('entered', 'replaced', 'claimed', 'accepted', 'rejected'));

-- As in 0007; and a code changes only while nobody has seen it.
create or replace function check_redpacket() returns trigger language plpgsql as $$
begin
  if old.state <> 'waiting' and (new.state, new.decided_by, new.amount_minor, new.claimed_by) is distinct from (old.state, old.decided_by, old.amount_minor, old.claimed_by) then
    raise exception 'red packet % is decided', old.id using errcode = 'MD002';
  end if;
  if old.state = 'waiting' and new.state <> 'waiting' and new.decided_by is distinct from old.claimed_by then
    raise exception 'red packet % is with somebody else', old.id using errcode = 'MD002';
  end if;
  if new.code is not null and new.code is distinct from old.code and (old.state <> 'waiting' or old.claimed_by is not null) then
    raise exception 'red packet % has been seen', old.id using errcode = 'MD002';
  end if;
  return new;
end $$;

create or replace function write_redpacket_event() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into redpacket_events (code_id, what, actor) values (new.id, 'entered', 'buyer');
  elsif old.state = 'waiting' and new.state <> 'waiting' then
    insert into redpacket_events (code_id, what, actor, amount_minor, reason) values (new.id, new.state, new.decided_by, new.amount_minor, new.reason);
  elsif new.state = 'waiting' and new.code is distinct from old.code then
    insert into redpacket_events (code_id, what, actor) values (new.id, 'replaced', 'buyer');
  elsif (new.claimed_by, new.claimed_at) is distinct from (old.claimed_by, old.claimed_at) then
    insert into redpacket_events (code_id, what, actor) values (new.id, 'claimed', new.claimed_by);
  end if;
  return null;
end $$;

revoke all on function check_order_move, check_redpacket, write_redpacket_event from public;
