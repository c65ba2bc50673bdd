import express, { type Request, type Response, type Router } from 'express';
import { bytesOf, type Door, rawBody, serviceDoor } from '../service-door.ts';
import { BadBirth, paipan, paipanInput } from './paipan.ts';

const NOTICE = '本次测算结果仅供娱乐使用，请勿封建迷信，一切以实际为准';

/** `/v1/Bazi/paipan` and the two account questions. Failures come with HTTP 200 and their own code, as the vendor does it. */
export function yuanfenjuRoutes(apiKey: string, door: Door): Router {
  const router = express.Router();
  const broken = serviceDoor(
    door,
    'yuanfenju',
    (req) => `${req.method} ${req.path}`,
    (res, status) => {
      res.status(status).type('html').send('<html><body><h1>Gateway error</h1></body></html>');
    },
  );
  router.use(rawBody, broken, (req, res, next) => {
    if (fieldsOf(req).api_key === apiKey) return next();
    say(res, 10_003, '请求API密钥错误');
  });
  router.all('/v1/Bazi/paipan', (req, res) => {
    const input = paipanInput.safeParse(fieldsOf(req));
    if (!input.success)
      return say(res, 10_004, `参数错误：${input.error.issues.map((issue) => issue.path.join('.')).join('、')}`);
    if (input.data.zhen !== '2') return say(res, 10_004, '沙盒不提供真太阳时，请用 zhen=2');
    try {
      say(res, 0, '请求成功', paipan(input.data));
    } catch (error) {
      if (!(error instanceof BadBirth)) throw error;
      say(res, 10_004, error.message);
    }
  });
  router.all('/v1/Free/querymerchant', (_req, res) =>
    say(res, 0, '请求成功', {
      merchant_type: '沙盒',
      merchant_expire_time: '2099-12-31 23:59:59',
      merchant_remaining_call_times: '9999',
    }),
  );
  router.all('/v1/Free/querytimes', (_req, res) =>
    say(res, 0, '请求成功', { call_times: '9999', expire_time: '2099-12-31 23:59:59', expire_time_message: '有效' }),
  );
  router.use((_req, res) => say(res, 10_001, '接口不存在'));
  return router;
}

function fieldsOf(req: Request): Record<string, unknown> {
  return { ...req.query, ...Object.fromEntries(new URLSearchParams(bytesOf(req).toString('utf8'))) };
}

function say(res: Response, errcode: number, errmsg: string, data: unknown = null): void {
  res.json({ errcode, errmsg, notice: NOTICE, data });
}
