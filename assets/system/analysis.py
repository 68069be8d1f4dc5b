import pandas as pd
import json

# Load JSON export
with open('dashtray-export.json') as f:
    data = json.load(f)

# Convert metrics to DataFrame
df = pd.DataFrame(data['metrics'])

# Analyze MRR growth
mrr_data = df[df['metricId'] == 'stripe_mrr']
mrr_growth = mrr_data['value'].pct_change()
