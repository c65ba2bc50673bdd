import type { ProviderFinding } from '../../doctor.ts';
import { type AlipayBot, hasOwnKeyForAlipays } from './settings.ts';

export function diagnose(settings: AlipayBot): readonly ProviderFinding[] {
  if (!hasOwnKeyForAlipays(settings)) return [];
  return [
    {
      state: 'fail',
      variable: 'ALIPAY_PUBLIC_KEY',
      text: {
        'zh-CN': '这是应用自己的公钥，会把所有通知都当成伪造；请换成开放平台上的“支付宝公钥”',
        'zh-TW': '這是應用自己的公鑰，會把所有通知都當成偽造；請換成開放平台上的「支付寶公鑰」',
        en: "it is your app's own public key, with which every notice looks forged; set Alipay's public key from the open platform",
      },
    },
  ];
}
