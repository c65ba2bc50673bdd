/** The part of the Bot API's objects that the sandbox makes. Names are Telegram's. */
export interface ApiUser {
  id: number;
  is_bot: boolean;
  first_name: string;
  username?: string;
  language_code?: string;
}

export interface ApiChat {
  id: number;
  type: 'private';
  first_name: string;
  username?: string;
}

export interface ApiEntity {
  type: string;
  /** UTF-16 units */
  offset: number;
  length: number;
  url?: string;
  language?: string;
}

export interface InlineButton {
  text: string;
  callback_data?: string | undefined;
  url?: string | undefined;
  web_app?: { url: string } | undefined;
  pay?: boolean | undefined;
}

export interface InlineKeyboard {
  inline_keyboard: InlineButton[][];
}

export interface ApiFile {
  file_id: string;
  file_unique_id: string;
  file_size: number;
  file_name?: string;
  mime_type?: string;
  width?: number;
  height?: number;
}

export interface ApiInvoice {
  title: string;
  description: string;
  start_parameter: string;
  currency: string;
  total_amount: number;
}

export interface StarPayment {
  currency: string;
  total_amount: number;
  invoice_payload: string;
  telegram_payment_charge_id: string;
  provider_payment_charge_id: string;
  subscription_expiration_date?: number;
  is_recurring?: true;
  is_first_recurring?: true;
}

export interface ApiMessage {
  message_id: number;
  from: ApiUser;
  chat: ApiChat;
  /** unix seconds */
  date: number;
  edit_date?: number;
  text?: string;
  entities?: ApiEntity[];
  caption?: string;
  caption_entities?: ApiEntity[];
  photo?: ApiFile[];
  document?: ApiFile;
  invoice?: ApiInvoice;
  successful_payment?: StarPayment;
  refunded_payment?: StarPayment;
  /** for the chat page alone: this invoice is paid, its button shows the receipt */
  receipt?: true;
  reply_to_message?: { message_id: number };
  reply_markup?: InlineKeyboard;
}

export interface CallbackQuery {
  id: string;
  from: ApiUser;
  message: ApiMessage;
  chat_instance: string;
  data: string;
}

export interface MemberUpdate {
  chat: ApiChat;
  from: ApiUser;
  date: number;
  old_chat_member: { user: ApiUser; status: string };
  new_chat_member: { user: ApiUser; status: string; until_date?: number };
}

export interface PreCheckoutQuery {
  id: string;
  from: ApiUser;
  currency: string;
  total_amount: number;
  invoice_payload: string;
}

/** What became of a subscription, without a payment. */
export interface SubscriptionUpdate {
  user: ApiUser;
  invoice_payload: string;
  state: 'canceled' | 'active' | 'failed';
}

export interface Update {
  update_id: number;
  message?: ApiMessage;
  callback_query?: CallbackQuery;
  my_chat_member?: MemberUpdate;
  pre_checkout_query?: PreCheckoutQuery;
  subscription?: SubscriptionUpdate;
}
export type UpdateBody = Omit<Update, 'update_id'>;

export interface BotCommand {
  command: string;
  description: string;
}

/** What stands beside the text field. */
export type MenuButton =
  | { readonly type: 'default' | 'commands' }
  | { readonly type: 'web_app'; readonly text: string; readonly web_app: { readonly url: string } };

/** A file that a bot or a person sent. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** What the chat page is told while it is open. */
export type ChatEvent =
  | { kind: 'message'; message: ApiMessage }
  | { kind: 'edited'; message: ApiMessage }
  | { kind: 'deleted'; messageId: number }
  | { kind: 'typing'; action: string }
  | { kind: 'answer'; queryId: string; text: string; alert: boolean; url: string }
  | { kind: 'person' }
  | { kind: 'keyboard'; keyboard: { text: string }[][] | null };
