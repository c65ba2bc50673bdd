import type { Request, RequestHandler, Response } from 'express';
import type { HttpDeps } from '../deps.ts';

/** A handler that answers what the work found, never kept by a cache. */
export const answerWith =
  (deps: HttpDeps) =>
  (work: (deps: HttpDeps, req: Request, res: Response) => Promise<object>): RequestHandler =>
  async (req, res) => {
    const data = await work(deps, req, res);
    res.set('Cache-Control', 'no-store').json({ success: true, data });
  };
