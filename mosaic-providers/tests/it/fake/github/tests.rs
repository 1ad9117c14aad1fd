//! What this server does, asked as a client asks.
