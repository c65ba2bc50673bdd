import express, { type Router } from 'express';
import { onlyAllow } from './errors.ts';

/** The catalogue is for everybody to find; orders, accounts and the API are somebody's own. */
const RULES = `User-agent: *
Allow: /shop
Allow: /assets/
Disallow: /shop/lost-link
Disallow: /
`;

export function robotsRoutes(): Router {
  const router = express.Router();
  router
    .route('/robots.txt')
    .get((_req, res) => void res.set('Cache-Control', 'public, max-age=86400').type('text/plain').send(RULES))
    .all(onlyAllow('GET, HEAD'));
  return router;
}
