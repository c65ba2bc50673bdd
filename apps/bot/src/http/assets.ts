import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import express, { type Request, type Router } from 'express';
import { compressed, encodingFor, smallest } from './compression.ts';

const FOLDER = join(import.meta.dirname, 'assets');
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** The files that pages name; modules that they import lie beside them. */
export type AssetName =
  | 'mingdan.css'
  | 'seal.svg'
  | 'order.js'
  | 'shop.js'
  | 'coin.js'
  | 'promote.js'
  | 'app.js'
  | 'api-docs.js';

interface Asset {
  readonly type: string;
  readonly bodies: Readonly<Record<'br' | 'gzip' | 'identity', Buffer>>;
}

/** All of them, read and pressed once. */
const assets: ReadonlyMap<string, Asset> = new Map(
  readdirSync(FOLDER).flatMap((name): [string, Asset][] => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const body = readFileSync(join(FOLDER, name));
    return [[name, { type, bodies: { identity: body, br: smallest('br', body), gzip: smallest('gzip', body) } }]];
  }),
);

/** Of all files together: a module imports others by their plain names, so they change their address together, by the folder. */
const version = [...assets]
  .reduce((hash, [name, { bodies }]) => hash.update(name).update(bodies.identity), createHash('sha256'))
  .digest('base64url')
  .slice(0, 10);

/** The address of a file of the pages; it changes with the files, so that browsers may keep it for ever. */
export function assetUrl(name: AssetName): string {
  return `/assets/${version}/${name}`;
}

export function assetRoutes(): Router {
  const router = express.Router();
  router.get(['/assets/:version/:name', '/assets/:name'], (req, res, next) => {
    const asset = assets.get(nameOf(req));
    if (!asset) {
      next();
      return;
    }
    const current = req.params.version === version;
    res.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    const encoding = encodingFor(req, res);
    compressed(res, encoding).type(asset.type).send(asset.bodies[encoding]);
  });
  return router;
}

function nameOf(req: Request): string {
  const { name } = req.params;
  return typeof name === 'string' ? name : '';
}
