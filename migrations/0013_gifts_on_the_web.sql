-- Gifts are bought and claimed on the web too, also by people without an account.

-- The link's token, sealed, so that its buyer finds it on the order's page. Gifts from before have none: their buyers ask for a new link.
alter table gifts add column token bytea;

comment on column gifts.claimed_at is 'claimed, whoever has it; claimed_by is null where that person has no account: then claimed_order_id is theirs';
