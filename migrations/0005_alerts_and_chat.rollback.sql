DROP TABLE agent_events, messages, runs, conversations, delivery_tries, notifications, alerts;
