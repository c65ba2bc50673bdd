-- One red packet pays one order: the same code for a second order would be redeemed once and believed twice.

alter table redpacket_codes
  -- keyed digest of the code, by which it is known again without being readable; null of codes from before
  add column code_digest bytea;

-- A rejected code may be tried again, for another order too.
create unique index redpacket_codes_once on redpacket_codes (code_digest) where state in ('waiting', 'accepted');
