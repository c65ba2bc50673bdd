import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Router } from 'express';

const TYPES = { 'mingdan.css': 'text/css', 'order.js': 'text/javascript', 'seal.svg': 'image/svg+xml' } as const;
type AssetName = keyof typeof TYPES;

interface Asset {
  readonly body: Buffer;
  readonly version: string;
}

function load(name: string): Asset {
  const body = readFileSync(join(import.meta.dirname, 'assets', name));
  return { body, version: createHash('sha256').update(body).digest('base64url').slice(0, 10) };
}

const assets: Record<AssetName, Asset> = {
  'mingdan.css': load('mingdan.css'),
  'order.js': load('order.js'),
  'seal.svg': load('seal.svg'),
};

/** The address of a file of the pages; it changes with the file, so that browsers may keep it for ever. */
export function assetUrl(name: AssetName): string {
  return `/assets/${name}?v=${assets[name].version}`;
}

export function assetRoutes(): Router {
  const router = express.Router();
  router.get('/assets/:name', (req, res, next) => {
    const name = req.params.name;
    if (!isAsset(name)) {
      next();
      return;
    }
    const current = req.query.v === assets[name].version;
    res.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    res.type(TYPES[name]).send(assets[name].body);
  });
  return router;
}

function isAsset(name: string): name is AssetName {
  return Object.hasOwn(TYPES, name);
}
