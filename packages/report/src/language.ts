import { z } from 'zod';

export const languages = ['zh-CN', 'zh-TW', 'en'] as const;
export const languageSchema = z.enum(languages);
export type Language = z.infer<typeof languageSchema>;
