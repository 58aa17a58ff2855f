DROP TABLE agent_events, messages, runs, conversations, notifications, alerts;
