-- Who buys, who brought them, and what there is to buy.

create table promoters (
  id bigint generated always as identity primary key,
  code text not null unique check (code ~ '^[A-Za-z0-9-]{1,32}$'),
  name text,
  created_at timestamptz not null default now()
);

create table users (
  id bigint generated always as identity primary key,
  telegram_id bigint unique,
  language text not null default 'zh-CN',
  promoter_id bigint references promoters,
  bot_blocked_at timestamptz,
  forgotten_at timestamptz,
  created_at timestamptz not null default now()
);

-- The link a promoter gives away is also how a promoter is known as a person: no commission on own orders.
alter table promoters add column user_id bigint unique references users;

create table products (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[a-z0-9-]{1,40}$'),
  kind text not null check (kind in ('report', 'membership', 'coins', 'goods')),
  names jsonb not null,
  descriptions jsonb not null,
  price_minor bigint not null check (price_minor >= 0),
  currency text not null,
  price_stars integer check (price_stars > 0),
  input text not null default 'none' check (input in ('none', 'birth')),
  stock integer check (stock >= 0),
  active boolean not null default true,
  sort integer not null default 0,
  created_at timestamptz not null default now()
);

insert into products (slug, kind, names, descriptions, price_minor, currency, input, sort) values
  ('bazi-basic', 'report',
   '{"zh-CN": "八字简批", "zh-TW": "八字簡批", "en": "Bazi in brief"}',
   '{"zh-CN": "四柱命盘与性格、事业、感情的重点解读", "zh-TW": "四柱命盤與性格、事業、感情的重點解讀", "en": "Your four pillars, and what they say of character, work and love"}',
   1990, 'CNY', 'birth', 10),
  ('bazi-full', 'report',
   '{"zh-CN": "八字详批", "zh-TW": "八字詳批", "en": "Bazi in full"}',
   '{"zh-CN": "全盘分析：性格、事业、财运、感情、健康、大运与流年", "zh-TW": "全盤分析：性格、事業、財運、感情、健康、大運與流年", "en": "The whole chart: character, career, money, love, health, decades and years"}',
   9900, 'CNY', 'birth', 20),
  ('bazi-year', 'report',
   '{"zh-CN": "流年运势", "zh-TW": "流年運勢", "en": "The year ahead"}',
   '{"zh-CN": "这一年逐月的运势与建议", "zh-TW": "這一年逐月的運勢與建議", "en": "This year month by month, with advice"}',
   4900, 'CNY', 'birth', 30),
  ('tarot-free', 'report',
   '{"zh-CN": "免费塔罗", "zh-TW": "免費塔羅", "en": "Free tarot"}',
   '{"zh-CN": "抽三张牌，看看今天", "zh-TW": "抽三張牌，看看今天", "en": "Three cards for today"}',
   0, 'CNY', 'none', 40);

-- What operators set at run time, and small facts the processes share.
create table settings (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

-- One holder at a time for a named job (Telegram's poller, the sender, the housekeeping).
create table leases (
  name text primary key,
  holder text not null,
  held_until timestamptz not null
);
