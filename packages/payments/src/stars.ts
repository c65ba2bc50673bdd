/** What puts an invoice in Stars into a chat needs: its fields, as for a link to one. */
export { invoiceFields } from './providers/stars/wire.ts';
