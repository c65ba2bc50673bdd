import { alipay } from './alipay/gateway.ts';
import type { Gateway } from './contract.ts';
import { oxapay } from './oxapay/gateway.ts';
import { pingpong } from './pingpong/gateway.ts';
import { stripe } from './stripe/gateway.ts';
import { wechat } from './wechat/gateway.ts';

/** Every gateway that is played here, in the order in which it is shown. To add one, make its folder and put it here. */
const all = [pingpong, alipay, wechat, stripe, oxapay] as const;

type Listed = (typeof all)[number];
export type GatewayName = Listed['name'];

/** What each gateway's stand-in holds, by name. */
export type GatewayKeys = {
  readonly [G in Listed as G['name']]?: G extends Gateway<string, infer Keys> ? Keys : never;
};

export const gateways: readonly Gateway<GatewayName>[] = all;

export const gatewayNames: readonly GatewayName[] = all.map(({ name }) => name);

export function isGatewayName(name: string): name is GatewayName {
  return gatewayNames.some((known) => known === name);
}
