import { OperationRefused } from '@mingdan/operations';

export function notFound(orderNo: string): OperationRefused {
  return new OperationRefused('order_not_found', `there is no order ${orderNo}`);
}
