// A stand-in for Telegram's script of the same name: what a Mini App asks of it goes to the chat around it, in Telegram's own events.
// Source of names and events: core.telegram.org/bots/webapps, core.telegram.org/api/web-events
(() => {
  const launch = new URLSearchParams(location.hash.slice(1));
  const initData = launch.get('tgWebAppData') ?? '';
  const themeParams = JSON.parse(launch.get('tgWebAppThemeParams') ?? '{}');
  const handlers = new Map();
  const invoices = new Map();
  // As Telegram's own script does: a reload finds it again, the address bar stays clean.
  const post = (eventType, eventData = {}) => {
    if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType, eventData }), '*');
  };
  const fire = (name, ...told) => {
    for (const handler of handlers.get(name) ?? []) handler(...told);
  };
  const onEvent = (name, handler) => handlers.set(name, [...(handlers.get(name) ?? []), handler]);
  const offEvent = (name, handler) =>
    handlers.set(
      name,
      (handlers.get(name) ?? []).filter((one) => one !== handler),
    );

  function button(setUp, pressed, first) {
    const state = { ...first };
    const tell = (changes) => {
      Object.assign(state, changes);
      post(setUp, { ...state });
      return shown;
    };
    const shown = {
      get text() {
        return state.text;
      },
      get isVisible() {
        return state.is_visible;
      },
      setText: (text) => tell({ text }),
      show: () => tell({ is_visible: true }),
      hide: () => tell({ is_visible: false }),
      enable: () => tell({ is_active: true }),
      disable: () => tell({ is_active: false }),
      showProgress: () => tell({ is_progress_visible: true }),
      hideProgress: () => tell({ is_progress_visible: false }),
      onClick(handler) {
        onEvent(pressed, handler);
        return shown;
      },
      offClick(handler) {
        offEvent(pressed, handler);
        return shown;
      },
    };
    return shown;
  }

  const webApp = {
    initData,
    initDataUnsafe: Object.fromEntries(
      [...new URLSearchParams(initData)].map(([key, value]) => [key, key === 'user' ? JSON.parse(value) : value]),
    ),
    version: launch.get('tgWebAppVersion') ?? '8.0',
    platform: launch.get('tgWebAppPlatform') ?? 'unknown',
    colorScheme: 'light',
    themeParams: {},
    MainButton: button('web_app_setup_main_button', 'mainButtonClicked', {
      text: 'Continue',
      is_visible: false,
      is_active: true,
      is_progress_visible: false,
    }),
    BackButton: button('web_app_setup_back_button', 'backButtonClicked', { is_visible: false }),
    HapticFeedback: {
      impactOccurred: (style) => post('web_app_trigger_haptic_feedback', { type: 'impact', impact_style: style }),
      notificationOccurred: (type) =>
        post('web_app_trigger_haptic_feedback', { type: 'notification', notification_type: type }),
      selectionChanged: () => post('web_app_trigger_haptic_feedback', { type: 'selection_change' }),
    },
    ready: () => post('web_app_ready'),
    expand: () => post('web_app_expand'),
    close: () => post('web_app_close'),
    openInvoice(slug, callback) {
      invoices.set(slug, callback);
      post('web_app_open_invoice', { slug });
    },
    onEvent,
    offEvent,
  };

  function wear(params) {
    webApp.themeParams = params;
    for (const [name, colour] of Object.entries(params))
      document.documentElement.style.setProperty(`--tg-theme-${name.replaceAll('_', '-')}`, colour);
    const [red, green, blue] = [1, 3, 5].map((at) =>
      Number.parseInt((params.bg_color ?? '#ffffff').slice(at, at + 2), 16),
    );
    webApp.colorScheme = red * 0.299 + green * 0.587 + blue * 0.114 < 128 ? 'dark' : 'light';
  }

  const heard = {
    main_button_pressed: () => fire('mainButtonClicked'),
    back_button_pressed: () => fire('backButtonClicked'),
    theme_changed: ({ theme_params: params }) => {
      wear(params);
      fire('themeChanged');
    },
    invoice_closed: ({ slug, status }) => {
      invoices.get(slug)?.(status);
      invoices.delete(slug);
      fire('invoiceClosed', { url: slug, status });
    },
  };
  addEventListener('message', ({ source, data }) => {
    if (source !== window.parent || typeof data !== 'string') return;
    const { eventType, eventData } = JSON.parse(data);
    heard[eventType]?.(eventData ?? {});
  });

  wear(themeParams);
  window.Telegram = { WebApp: webApp };
})();
