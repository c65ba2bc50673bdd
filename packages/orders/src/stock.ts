import { changed, type Db, row, rows } from '@mingdan/db';
import { MingdanError, type Vault } from '@mingdan/kernel';

const CODE = 'inventory_items.code';

export class StockRefused extends MingdanError {}

/** Takes an order's part out of the stock, in the transaction that makes it. @returns false where there is not enough */
export async function reserveStock(tx: Db, orderId: number): Promise<boolean> {
  const answer = await row<{ outcome: string }>(tx, 'select reserve_stock(:orderId) as outcome', { orderId });
  return answer?.outcome === 'reserved';
}

/** What is paid is sold. @returns false where an order that was paid late finds nothing any more */
export async function commitStock(tx: Db, orderId: number): Promise<boolean> {
  const answer = await row<{ outcome: string }>(tx, 'select commit_stock(:orderId) as outcome', { orderId });
  return answer?.outcome === 'committed';
}

/** The codes an order holds. `show`: they count as seen from now on, and are never sold again. */
export async function codesOfOrder(db: Db, vault: Vault, orderId: number, show: boolean): Promise<string[]> {
  if (show)
    await changed(
      db,
      `update inventory_items set shown_at = now() where order_id = :orderId and status = 'sold' and shown_at is null`,
      { orderId },
    );
  const found = await rows<{ code: Buffer }>(
    db,
    `select code from inventory_items where order_id = :orderId and status = 'sold' order by id`,
    { orderId },
  );
  return found.map(({ code }) => String(vault.open(CODE, code)));
}

/** The money of an order went back: what its buyer never saw can be sold again. What went to a chat, or is on its way there, stays theirs. */
export async function releaseUnseenCodes(tx: Db, orderId: number, actor: string): Promise<void> {
  await row(
    tx,
    `select release_stock(id, :actor) from orders where id = :orderId and stock_state = 'committed'
        and exists (select 1 from inventory_items where order_id = :orderId and status = 'sold' and shown_at is null)
        and not exists (select 1 from outbox where order_id = :orderId and delivers and status <> 'dropped')`,
    { orderId, actor },
  );
}

/** Puts codes into the stock of a product; one that is there already is left out. @returns how many are new */
export async function addCodes(
  db: Db,
  vault: Vault,
  added: { slug: string; codes: readonly string[]; actor: string },
): Promise<{ added: number; stock: number }> {
  return db.transaction(async (tx) => {
    const product = await row<{ id: number; handedOutBy: string | null }>(
      tx,
      'select id, handed_out_by as "handedOutBy" from products where slug = :slug for update',
      { slug: added.slug },
    );
    if (product?.handedOutBy !== 'codes')
      throw new StockRefused('no_codes', `${added.slug} is no product with codes`, {
        hint: 'mingdan products list tells',
      });
    let count = 0;
    for (const code of added.codes)
      count += await changed(
        tx,
        'insert into inventory_items (product_id, code, digest) values (:id, :code, :digest) on conflict (product_id, digest) do nothing',
        { id: product.id, code: vault.seal(CODE, code), digest: vault.fingerprint(CODE, code) },
      );
    return { added: count, stock: await writeStock(tx, product.id, count, 'codes_added', added.actor) };
  });
}

/** Sets what can be bought now of a product that is counted, or null for no end. Products with codes are counted by their codes. */
export async function setStock(db: Db, wanted: { slug: string; stock: number | null; actor: string }): Promise<void> {
  await db.transaction(async (tx) => {
    const product = await row<{ id: number; stock: number | null; handedOutBy: string | null }>(
      tx,
      'select id, stock, handed_out_by as "handedOutBy" from products where slug = :slug for update',
      { slug: wanted.slug },
    );
    if (!product)
      throw new StockRefused('no_product', `there is no product ${wanted.slug}`, { hint: 'mingdan products list' });
    if (product.handedOutBy === 'codes')
      throw new StockRefused('counted_by_codes', `${wanted.slug} has as many as it has codes`, {
        hint: 'mingdan stock add-codes',
      });
    await changed(tx, 'update products set stock = :stock::integer where id = :id', {
      id: product.id,
      stock: wanted.stock,
    });
    await changed(
      tx,
      `insert into inventory_logs (product_id, change, stock_after, reason, actor)
       values (:id, coalesce(:stock::integer, 0) - coalesce(:before::integer, 0), :stock::integer, 'set', :actor)`,
      { id: product.id, stock: wanted.stock, before: product.stock, actor: wanted.actor },
    );
  });
}

async function writeStock(tx: Db, productId: number, change: number, reason: string, actor: string): Promise<number> {
  const now = await row<{ stock: number }>(
    tx,
    `with counted as (update products set stock = coalesce(stock, 0) + :change where id = :productId returning id, stock),
     logged as (
       insert into inventory_logs (product_id, change, stock_after, reason, actor)
       select id, :change, stock, :reason, :actor from counted where :change <> 0)
     select stock from counted`,
    { productId, change, reason, actor },
  );
  return now?.stock ?? 0;
}
