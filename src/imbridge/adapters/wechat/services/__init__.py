"""What the platform offers beyond messages: followers, people at a browser, wechatpy's client."""
