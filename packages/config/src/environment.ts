/** The process environment, or a part of it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable holds, without the blanks around it; an empty value (`NAME=` in a compose file) is no value. */
export function rawValue(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** @param sample the value that `.env.example` and our messages show for a secret: public, so never one to use */
export function isPlaceholder(value: string, sample?: string): boolean {
  return /^your[-_]/i.test(value) || value.includes('...') || value === sample;
}

/**
 * `NODE_ENV` decides. Without it a public address does: whoever forgot `NODE_ENV` on a server must not run with development's defaults.
 */
export function isProduction(env: Environment): boolean {
  const mode = rawValue(env, 'NODE_ENV');
  if (mode !== undefined) return mode === 'production';
  return ['PUBLIC_URL', 'WEBHOOK_URL'].some((name) => isPublicAddress(rawValue(env, name)));
}

function isPublicAddress(url: string | undefined): boolean {
  if (url === undefined || isPlaceholder(url) || !URL.canParse(url)) return false;
  return !isLoopback(new URL(url));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/** What goes there can be read on its way; a stand-in on the same machine is no way. */
export function isInTheClear(url: string): boolean {
  return /^http:/i.test(url) && URL.canParse(url) && !isLoopback(new URL(url));
}
