import type { ProviderName, SignerModule } from './contract.ts';
import { loadProviders } from './load.ts';

export type { NoticeToSign } from './contract.ts';
export { signBody as signPingpongBody, signNotice as signPingpongNotice } from './providers/pingpong/sign-for-tests.ts';

/** What each gateway would send, by provider: for tests and the sandbox. */
export const noticeSigners: ReadonlyMap<ProviderName, SignerModule> =
  await loadProviders<SignerModule>('sign-for-tests');
