import { MingdanError } from '@mingdan/kernel';

/** An order that cannot be made; `code` says why. */
export class OrderRefused extends MingdanError {}
