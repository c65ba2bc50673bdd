import { gatewayNames } from './gateways/index.ts';

/** All that is played here, as calls and faults name it. */
export const services = ['telegram', ...gatewayNames, 'deepseek', 'yuanfenju'] as const;
export type Service = (typeof services)[number];
