import express, { type Router } from 'express';
import { onlyAllow } from '../errors.ts';

/** `/`: who types the bare address wants to see what there is. */
export function homeRoutes(): Router {
  const router = express.Router();
  router
    .route('/')
    .get((req, res) => {
      const { lang } = req.query;
      const query = typeof lang === 'string' ? `?${new URLSearchParams({ lang })}` : '';
      res.redirect(302, `/shop${query}`);
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}
