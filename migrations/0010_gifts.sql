-- Reports and memberships that are bought for somebody else, and the orders that such a gift pays.

alter table orders
  -- bought for somebody else: what it makes is a claim link, and a row of `gifts`
  add column gift boolean not null default false,
  -- the gift that pays this order
  add column claims_gift bigint references gifts;

-- A gift pays one order; one that failed does not count.
create unique index orders_of_gift on orders (claims_gift) where claims_gift is not null and status not in ('failed', 'expired');

-- What a gift paid could not be made: its link can be opened again.
create function return_gift() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update gifts set claimed_by = null, claimed_at = null, claimed_order_id = null where id = new.claims_gift and claimed_order_id = new.id;
  return null;
end $$;
create trigger orders_return_gift after update of status on orders for each row
  when (new.claims_gift is not null and new.status in ('failed', 'expired') and old.status is distinct from new.status) execute function return_gift();

revoke all on function return_gift from public;
